//! `POST /events/{event}/signups`: acknowledgement and idempotent repeats.

use std::thread;

use serde_json::json;

use super::support::{SignedUp, enqueue, exchange, serve, serve_with};

const KEY: &str = "0123456789abcdef";

#[test]
fn signup_answers_with_id_and_link() {
    let server = serve();
    let answer = server.post("/events/Pizza%20Night/signups").json(&json!({"name": " Ana  María "})).send().is(202);
    assert_eq!(answer.header("content-type"), "application/json");
    let accepted = answer.json();
    assert_eq!((&accepted["event"], &accepted["name"]), (&json!("pizza-night"), &json!("Ana María")));
    assert!(!accepted["id"].as_str().unwrap().is_empty());
    let link = format!("http://{}/events/pizza-night/manage/", server.address);
    assert!(accepted["manage"].as_str().unwrap().starts_with(&link), "{accepted}");

    server.settled();
    assert_eq!(server.who("pizza_NIGHT"), ["Ana María"]);
    assert_eq!(server.state(&SignedUp::read(&accepted).manage), "in");
}

#[test]
fn form_redirects_to_the_manage_page() {
    let server = serve();
    server.sign_up("Dance", "Ben");
    server.settled();
    let form = [("name", "Ana"), ("contact", "ana@example.org")];
    let manage = server.post("/events/Dance/signups").form(&form).browser().send().leads_to();
    assert!(manage.starts_with("/events/dance/manage/"), "{manage}");
    assert_eq!((server.state(&manage), server.contact(&manage)), ("in".to_owned(), json!("email")));
    assert!(server.get(&manage).browser().send().is(200).words().contains("You’re in, Ana."));
}

#[test]
fn links_begin_with_the_public_url() {
    let server = serve_with(tempfile::tempdir().unwrap(), |settings| {
        settings.public_url = Some("https://signup.example.org/".parse().unwrap());
    });
    let answer = server.post("/events/dance/signups").json(&json!({"name": "Ana"})).send().is(202).json();
    assert!(answer["manage"].as_str().unwrap().starts_with("https://signup.example.org/events/dance/manage/"));
}

#[test]
fn name_is_listed_once_as_first_typed() {
    let server = serve();
    for name in ["Melvin", "MELVIN", " melvin ", "Mel\u{AD}vin"] {
        server.sign_up("Dance", name);
    }
    assert_eq!(server.who("dance"), ["Melvin"]);
    let event = server.get("/events/dance").send().is(200).json();
    assert_eq!(event, json!({"event": "dance", "title": "Dance", "count": 1}));
}

#[test]
fn every_contact_form_is_accepted() {
    let server = serve();
    let contacts = [
        (json!({"email": "ana@example.org"}), "email"),
        (json!({"sms": "+1 415 555 2671"}), "sms"),
        (json!({"webhook": "https://example.org/hook"}), "webhook"),
        (json!({"email": "ana@example.org", "sms": null}), "email"),
        (json!("ana@example.org"), "email"),
        (json!("+14155552671"), "sms"),
    ];
    for (number, (contact, kind)) in contacts.into_iter().enumerate() {
        let body = json!({"name": format!("Ana {number}"), "contact": contact});
        assert_eq!(server.contact(&server.sign_up_with("dance", &body).manage), kind, "{body}");
    }
    for none in [json!(null), json!(""), json!("  ")] {
        let body = json!({"name": format!("Ben {none}"), "contact": none});
        assert_eq!(server.contact(&server.sign_up_with("dance", &body).manage), json!(null), "{body}");
    }
}

#[test]
fn http_ignores_server_fields() {
    let server = serve();
    let claims = json!({
        "name": "Ana", "id": "mine", "action": "cancel", "channel": "cli", "stay": "x", "event": "Gala",
        "requested_at": "2100-01-01T00:00:00Z",
    });
    let signed_up = server.sign_up_with("dance", &claims);
    assert_ne!(signed_up.id, "mine");
    let attendee = server.get("/events/dance/attendees/ana").send().is(200).json();
    assert_eq!(attendee["channel"], "http");
    assert!(attendee["since"].as_str().unwrap() < "2100");
    assert!(server.who("gala").is_empty());
    // A claimed time in the future does not block a cancel.
    server.cancel(&signed_up);
    assert!(server.who("dance").is_empty());
}

#[test]
fn repeat_with_key_gets_the_same_answer() {
    let server = serve();
    let body = json!({"name": "Ana", "contact": {"email": "ana@example.org"}});
    let send = || server.post("/events/dance/signups").header("Idempotency-Key", KEY).json(&body).send().is(202).json();
    let first = send();
    server.settled();
    assert_eq!(send(), first);
    server.settled();
    assert_eq!(server.who("dance"), ["Ana"]);
    assert_eq!(server.metric("countmein_signups_stored_total"), 1);
    assert_eq!(server.metric("countmein_signups_duplicate_total"), 1);
}

#[test]
fn concurrent_repeats_get_one_answer() {
    let server = serve();
    let answers: Vec<_> = thread::scope(|scope| {
        let send = || {
            let request = server.post("/events/dance/signups").header("Idempotency-Key", KEY);
            request.json(&json!({"name": "Ana"})).send().is(202).json()
        };
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    server.settled();
    assert_eq!(server.who("dance"), ["Ana"]);
}

#[test]
fn reused_idempotency_key_is_refused() {
    let server = serve();
    let send = |event: &str, body| {
        server.post(&format!("/events/{event}/signups")).header("Idempotency-Key", KEY).json(&body).send()
    };
    send("dance", json!({"name": "Ana"})).is(202);
    for other in [json!({"name": "Ben"}), json!({"name": "Ana", "contact": "ana@example.org"})] {
        let detail = send("dance", other).refuses(422, "idempotency-key-reused");
        assert!(detail.contains("use a new key"), "{detail}");
    }
    // An invalid request is reported as invalid.
    send("dance", json!({"name": ""})).refuses_field("name");
    // Each event has its keys.
    send("gala", json!({"name": "Ben"})).is(202);
    server.settled();
    assert_eq!((server.who("dance"), server.who("gala")), (vec!["Ana".to_owned()], vec!["Ben".to_owned()]));
}

#[test]
fn short_or_long_idempotency_key_is_refused() {
    let server = serve();
    for key in ["", "0123456789abcde", &"k".repeat(256)] {
        let request = server.post("/events/dance/signups").header("Idempotency-Key", key);
        let detail = request.json(&json!({"name": "Ana"})).send().refuses(400, "malformed-request");
        assert!(detail.contains("16 to 255 characters"), "{detail}");
    }
    for key in ["0123456789abcdef", &"k".repeat(255)] {
        let request = server.post("/events/dance/signups").header("Idempotency-Key", key);
        request.json(&json!({"name": "Ana"})).send().is(202);
    }
}

#[test]
fn repeat_after_cancel_changes_nothing() {
    let server = serve();
    let send = || {
        let request = server.post("/events/dance/signups").header("Idempotency-Key", KEY);
        request.json(&json!({"name": "Ana"})).send().is(202).json()
    };
    let first = send();
    server.settled();
    server.cancel(&SignedUp::read(&first));
    assert_eq!(send(), first);
    server.settled();
    assert!(server.who("dance").is_empty());
    assert_eq!(server.state(&SignedUp::read(&first).manage), "out");
}

#[test]
fn links_in_public_names_and_titles_are_refused() {
    let server = serve();
    let name = json!({"name": "Win at evil.com"});
    server.post("/events/dance/signups").json(&name).send().refuses_field("name");
    server.post("/events/Win%20at%20evil.com/signups").json(&json!({"name": "Ana"})).send().refuses_field("event");
    server.post("/").json(&json!({"event": "Dance", "name": "https://evil.example"})).send().refuses_field("name");
    server.post("/").json(&json!({"event": "www.evil.org", "name": "Ana"})).send().refuses_field("event");
    server.post("/events").json(&json!({"title": "Write to ana@evil.com"})).send().refuses_field("title");
    let form = [("name", "evil.com"), ("contact", "ana@example.org")];
    server.post("/events").json(&json!({"title": "Gala"})).send().is(201);
    let page = server.post("/events/gala/signups").form(&form).browser().send().is(422).text();
    assert!(page.contains("Please leave out web addresses") && page.contains("value=\"evil.com\""), "{page}");
    assert_eq!((server.who("dance"), server.who("gala")), (Vec::new(), Vec::new()));
    server.sign_up("Node.js evening", "Dr.Müller");
    server.settled();
    assert_eq!(server.who("node-js-evening"), ["Dr.Müller"]);
}

#[test]
fn trusted_channels_may_use_links() {
    let data = tempfile::tempdir().unwrap();
    enqueue(data.path(), &[json!({"event": "jug.ru", "name": "ana@example.org"})]);
    let server = serve_with(data, |_| ());
    server.settled();
    assert_eq!(server.who("jug-ru"), ["ana@example.org"]);
    // Its title is accepted, since the event exists.
    server.sign_up("jug.ru", "Ben");
    server.settled();
    assert_eq!(server.who("jug-ru"), ["ana@example.org", "Ben"]);
}

#[test]
fn contact_counts_for_the_network_of_the_client() {
    let server = serve_with(tempfile::tempdir().unwrap(), |settings| settings.behind_proxy = true);
    let network = |name: &str| -> Option<u16> {
        let db = rusqlite::Connection::open(server.database()).unwrap();
        db.query_row("SELECT network FROM attendee WHERE display_name = ?1", [name], |row| row.get(0)).unwrap()
    };
    let sign_up = |name: &str, contact: Option<&str>, client: &str| {
        let request = server.post("/events/dance/signups").header("X-Forwarded-For", client);
        request.json(&json!({ "name": name, "contact": contact.map(|email| json!({ "email": email })) })).send().is(202)
    };
    sign_up("Ana", Some("ana@example.org"), "192.0.2.1");
    sign_up("Ben", Some("ben@example.org"), "192.0.2.254");
    sign_up("Cleo", Some("cleo@example.org"), "198.51.100.1");
    let dora = SignedUp::read(&sign_up("Dora", None, "192.0.2.1").json());
    server.settled();
    assert!(network("Ana").is_some());
    assert_eq!(network("Ana"), network("Ben"));
    assert_ne!(network("Ana"), network("Cleo"));
    assert_eq!(network("Dora"), None, "nothing is stored without a contact");
    let change = json!({ "action": "contact", "contact": { "email": "dora@example.org" } });
    server.post(&dora.manage).header("X-Forwarded-For", "198.51.100.9").json(&change).send().is(202);
    server.settled();
    assert_eq!(network("Dora"), network("Cleo"));
    let change = json!({ "action": "contact", "contact": null });
    server.post(&dora.manage).json(&change).send().is(202);
    server.settled();
    assert_eq!(network("Dora"), None);
}

/// What programs write most naturally is understood.
#[test]
fn address_beside_the_name_is_the_contact() {
    let server = serve();
    let ana = server.sign_up_with("dance", &json!({ "name": "Ana", "email": "ana@example.org" }));
    server.settled();
    assert_eq!(server.contact(&ana.manage), "email");
    let both = json!({ "name": "Ben", "email": "ben@example.org", "contact": { "email": "other@example.org" } });
    server.post("/events/dance/signups").json(&both).send().refuses_field("contact");
    server.post("/events/dance/signups").json(&json!({ "name": "Ben", "email": "nowhere" })).send().is(422);
}

/// A client that writes its whole request before it reads gets the answer.
#[test]
fn client_with_a_large_body_reads_why_it_is_refused() {
    let server = serve();
    for bytes in [20_000, 1_000_000, 3_000_000] {
        let head = format!(
            "POST /events/dance/signups HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n"
        );
        let answer = exchange(&server, &[head.into_bytes(), vec![b' '; bytes]].concat());
        answer.unwrap_or_else(|| panic!("no answer to {bytes} bytes")).is(413);
    }
}

#[test]
fn encoded_body_is_refused() {
    let server = serve();
    let send = |encoding| {
        let request = server.post("/events/dance/signups").header("Content-Encoding", encoding);
        request.json(&json!({ "name": "Ana" })).send()
    };
    for encoding in ["gzip", "br", "nonsense"] {
        let answer = send(encoding).is(415);
        assert_eq!(answer.header("accept-encoding"), "identity");
    }
    send("identity").is(202);
}
