//! Malformed requests with the organiser's key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::{Refused, Taken, check, goes_on};
use crate::http::support::Endpoint;

pub fn ids_and_cursors_are_accepted_or_explained(server: &Endpoint) {
    let long = "a".repeat(1_025);
    let longer = "%F0%9F%8E%89".repeat(500);
    let ids = ["x", "%20", "%00", "%2e%2e", "%23digest", "%EF%BF%BF", &long, &longer];
    for id in ids {
        println!("{}", &id[..id.len().min(80)]);
        let path = format!("/organiser/rejects/{id}");
        check(server.get(&path).organiser().send(), Refused(404));
        check(server.post(&format!("{path}/discard")).organiser().send(), Refused(404));
        check(server.post(&format!("{path}/redrive")).organiser().json(&json!({})).send(), Refused(404));
    }
    let cursor = |key: &str| URL_SAFE_NO_PAD.encode(key);
    let cursors = [
        (cursor("x"), Taken),
        (cursor("\0"), Taken),
        (cursor("#\u{ffff}"), Taken),
        (cursor(&long[1..]), Taken),
        (cursor(&long), Refused(400)),
        (cursor(""), Refused(400)),
        (URL_SAFE_NO_PAD.encode(b"\xFF"), Refused(400)),
        ("%".to_owned(), Refused(400)),
    ];
    for (cursor, fate) in cursors {
        for list in ["/organiser/rejects?", "/organiser/buttons?", "/events?show=all&", "/events/dance/attendees?"] {
            println!("{list} {}", &cursor[..cursor.len().min(80)]);
            check(server.get(&format!("{list}limit=1&cursor={cursor}")).organiser().send(), fate);
        }
    }
    let numbered = [
        (cursor("1795431600000 x"), Taken),
        (cursor(&format!("1795431600000 {}", &long[1..])), Taken),
        (cursor("253370764799999 #\u{ffff}"), Taken),
        (cursor(&format!("1795431600000 {long}")), Refused(400)),
        (cursor("1795431600000 "), Refused(400)),
        (cursor("x"), Refused(400)),
        (cursor(" x"), Refused(400)),
        (cursor("-1 x"), Refused(400)),
        (cursor("99999999999999999999 x"), Refused(400)),
    ];
    for (cursor, fate) in numbered {
        for show in ["upcoming", "past", "archived"] {
            println!("{show} {}", &cursor[..cursor.len().min(80)]);
            check(server.get(&format!("/events?show={show}&limit=1&cursor={cursor}")).organiser().send(), fate);
        }
    }
    goes_on(server);
}

pub fn fields_are_accepted_or_explained(server: &Endpoint) {
    let family = "👩‍👩‍👧‍👦";
    let serial = "s".repeat(256);
    let cases = [
        ("/organiser/signups", json!({"event": "dance", "name": family.repeat(40)}), Taken),
        ("/organiser/signups", json!({"event": "dance", "name": family.repeat(41)}), Refused(422)),
        ("/organiser/signups", json!({"event": "e\u{301}\u{323}".repeat(64), "name": "Ana"}), Taken),
        ("/organiser/signups", json!({"event": "a\0b", "name": "Ana"}), Refused(422)),
        ("/organiser/signups", json!({"event": "", "name": "Ana"}), Refused(422)),
        ("/organiser/signups", json!({"event": "dance", "name": "Ana\u{ffff}"}), Refused(422)),
        (
            "/organiser/signups",
            json!({"event": "dance", "name": "Ana", "contact": {"email": "a\0@b.org"}}),
            Refused(422),
        ),
        ("/organiser/remove", json!({"name": "a".repeat(80)}), Taken),
        ("/organiser/remove", json!({"name": format!("a{}", "\u{301}".repeat(500))}), Taken),
        ("/organiser/remove", json!({"name": format!("a{}", "\u{301}".repeat(600))}), Refused(422)),
        ("/organiser/remove", json!({"name": "Ana", "event": "#digest"}), Taken),
        ("/organiser/remove", json!({"name": "Ana", "event": "#"}), Refused(422)),
        ("/organiser/buttons", json!({"serial": serial, "event": "dance", "name": "Ana"}), Taken),
        ("/organiser/buttons", json!({"serial": format!("{serial}s"), "event": "dance", "name": "Ana"}), Refused(422)),
        ("/organiser/buttons", json!({"serial": "", "event": "dance", "name": "Ana"}), Refused(422)),
        ("/organiser/buttons", json!({"serial": "a\0", "event": "dance", "name": "Ana"}), Refused(422)),
        ("/organiser/buttons/remove", json!({"serial": "#"}), Refused(404)),
        ("/organiser/buttons/remove", json!({"serial": serial}), Taken),
        ("/organiser/rejects/redrive", json!({"cursor": ""}), Refused(400)),
        ("/organiser/rejects/redrive", json!({"cursor": URL_SAFE_NO_PAD.encode("\0")}), Taken),
        ("/organiser/rejects/redrive", json!({"reason": "\0", "since": "9999-99-99"}), Refused(422)),
    ];
    for (path, body, fate) in cases {
        let text = body.to_string();
        println!("{path} {}", &text[..text.floor_char_boundary(80)]);
        check(server.post(path).organiser().json(&body).send(), fate);
    }
    goes_on(server);
}

/// Returns the id of a rejected message: the press of a button that is not registered any more.
fn reject(server: &Endpoint) -> String {
    let button = json!({"serial": "door", "event": "dance", "name": "Ana"});
    let registered = server.post("/organiser/buttons").organiser().json(&button).send().is(200).json();
    server.post("/organiser/buttons/remove").organiser().json(&button).send().is(204);
    let press = format!("/buttons?serial=door&secret={}", registered["secret"].as_str().unwrap());
    server.post(&press).json(&json!({"event_type": "single"})).send().is(202);
    server.settled();
    server.rejects().remove(0)
}

pub fn corrections_are_accepted_or_explained(server: &Endpoint) {
    let path = format!("/organiser/rejects/{}/redrive", reject(server));
    let cases = [
        (json!({}), Refused(409)),
        (json!({"set": {}}), Refused(409)),
        (json!({"set": []}), Refused(422)),
        (json!({"set": {"event": "dance"}}), Refused(422)),
        (json!({"set": {"event": "dance", "name": "a\0b"}}), Refused(422)),
        (json!({"set": {"event": "dance", "name": "a".repeat(15_000)}}), Refused(422)),
        (json!({"set": {"event": "dance", "name": "Ana", "id": "a\0b"}}), Refused(422)),
        (json!({"set": {"event": "dance", "name": "Ana", "requested_at": 1e300}}), Refused(422)),
        (json!({"set": {"event": "dance", "name": "Ana", "Type": "Notification", "Message": "\0"}}), Refused(422)),
        (json!({"set": {"event": "dance", "name": "Ana", "\0\u{ffff}": "\u{fffe}"}}), Taken),
    ];
    for (corrections, fate) in cases {
        let text = corrections.to_string();
        println!("{}", &text[..text.floor_char_boundary(80)]);
        check(server.post(&path).organiser().json(&corrections).send(), fate);
    }
    server.settled();
    assert_eq!(server.who("dance"), ["Ana"]);
    goes_on(server);
}
