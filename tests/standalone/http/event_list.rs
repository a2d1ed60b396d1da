//! The organiser's list of events: upcoming, past, archived, all; and what happens to contacts when an event is over.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::events::{Created, create};
use super::support::{Endpoint, PATIENCE, serve, serve_with};

/// The ids in a list.
fn list(server: &Endpoint, query: &str) -> Vec<String> {
    let answer = server.get(&format!("/events{query}")).organiser().send().is(200).json();
    answer["events"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
}

/// Waits until the list has these events. It follows the changes of events within a second.
#[track_caller]
fn lists(server: &Endpoint, query: &str, expected: &[&str]) {
    let began = Instant::now();
    loop {
        let found = list(server, query);
        if found == expected {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{query}: {found:?}, not {expected:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn at(title: &str, start: &str, end: &str) -> Value {
    json!({"title": title, "starts_at": start, "ends_at": end, "zone": "Europe/Berlin"})
}

fn archive(server: &Endpoint, event: &Created) {
    server.post(&event.path("/archive")).bearer(&event.host).json(&json!({})).send().is(200);
}

#[test]
fn upcoming_events_come_first() {
    let server = serve();
    create(&server, &at("Zebra", "2031-01-01T19:00", "2031-01-01T23:00"));
    create(&server, &at("Ape", "2032-01-01T19:00", "2032-01-01T23:00"));
    create(&server, &at("Lion", "2020-01-01T19:00", "2020-01-01T23:00"));
    create(&server, &at("Tiger", "2021-01-01T19:00", "2021-01-01T23:00"));
    let archived = create(&server, &json!({"title": "Archived"}));
    archive(&server, &archived);
    server.sign_up("Dance", "Ana");
    // An event without an end is over 90 days after its last change.
    lists(&server, "", &["dance", "zebra", "ape"]);
    lists(&server, "?show=past", &["tiger", "lion"]);
    lists(&server, "?show=archived", &["archived"]);
    lists(&server, "?show=all", &["ape", "archived", "dance", "lion", "tiger", "zebra"]);
    server.get("/events?show=some").organiser().send().refuses_field("show");

    let answer = server.get("/events").organiser().send().is(200).json();
    let zebra = &answer["events"][1];
    assert_eq!((&zebra["starts_at"], &zebra["zone"]), (&json!("2031-01-01T19:00"), &json!("Europe/Berlin")));
    assert_eq!(zebra["over_at"], "2031-01-01T22:00:00.000Z");
    assert_eq!((&zebra["count"], &answer["events"][0]["count"]), (&json!(0), &json!(1)));

    server.post(&archived.path("/reopen")).bearer(&archived.host).json(&json!({})).send().is(200);
    lists(&server, "?show=archived", &[]);
    lists(&server, "?search=archived", &["archived"]);
}

#[test]
fn list_is_paged_and_searched() {
    let server = serve();
    for number in 0..5 {
        create(
            &server,
            &at(&format!("Dinner {number}"), &format!("203{number}-01-01T19:00"), &format!("203{number}-01-01T23:00")),
        );
        create(
            &server,
            &at(
                &format!("Tanzabend Straße {number}"),
                &format!("201{number}-01-01T19:00"),
                &format!("201{number}-01-01T23:00"),
            ),
        );
    }
    lists(&server, "", &["dinner-0", "dinner-1", "dinner-2", "dinner-3", "dinner-4"]);
    for (query, expected) in [
        ("show=upcoming", ["dinner-0", "dinner-1", "dinner-2", "dinner-3", "dinner-4"]),
        (
            "show=past&search=STRASSE",
            [
                "tanzabend-strasse-4",
                "tanzabend-strasse-3",
                "tanzabend-strasse-2",
                "tanzabend-strasse-1",
                "tanzabend-strasse-0",
            ],
        ),
        ("show=all&search=dinner", ["dinner-0", "dinner-1", "dinner-2", "dinner-3", "dinner-4"]),
    ] {
        for limit in [1, 2, 4, 5, 100] {
            let (mut found, mut cursor): (Vec<String>, _) = (Vec::new(), String::new());
            loop {
                let path = format!("/events?{query}&limit={limit}{cursor}");
                let page = server.get(&path).organiser().send().is(200).json();
                let events = page["events"].as_array().unwrap();
                assert!(events.len() <= limit, "{path}");
                found.extend(events.iter().map(|event| event["event"].as_str().unwrap().to_owned()));
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(found, expected, "{query}, limit {limit}");
        }
    }
    assert_eq!(list(&server, "?show=all&search=nothing"), [""; 0]);
    // A cursor of one list is refused by another one, or means the same.
    let next = server.get("/events?show=all&limit=1").organiser().send().is(200).json()["next"].clone();
    let answer = server.get(&format!("/events?cursor={}", next.as_str().unwrap())).organiser().send();
    assert!(answer.refuses(400, "malformed-request").contains("Take it from `next`"));
}

#[test]
fn page_lists_and_searches_events() {
    let server = serve();
    create(&server, &at("Omar's <dinner>", "2031-01-01T19:00", "2031-01-01T23:00"));
    lists(&server, "", &["omars-dinner"]);
    let login = server.post("/organiser/login").form(&[("key", super::support::KEY)]).send().is(303);
    let cookie = login.header("set-cookie").split(';').next().unwrap().to_owned();
    let page = |path: &str| server.get(path).browser().header("Cookie", &cookie).send().is(200).text();
    let upcoming = page("/events");
    for expected in [
        "Omar's &lt;dinner&gt;",
        "Wednesday, 1 January 2031, 19:00",
        "Europe/Berlin",
        "show=archived",
        "Nobody has signed up yet",
    ] {
        assert!(upcoming.contains(expected), "{expected}: {upcoming}");
    }
    assert!(page("/organiser").contains("Omar's &lt;dinner&gt;"));
    assert!(page("/events?search=%3Cdin").contains("Omar's &lt;dinner&gt;"));
    assert!(page("/events?search=%22%3E%3Cb%3E").contains("No event has this in its title."));
    assert!(page("/events?show=past").contains("No past events."));
}

#[test]
fn contacts_are_deleted_after_the_end() {
    let mut server = serve();
    let event = create(&server, &json!({"title": "Dinner"}));
    let ana = server.sign_up_with("Dinner", &json!({"name": "Ana", "contact": "ana@example.org"}));
    assert!(!server.contact(&ana.manage).is_null());
    archive(&server, &event);
    lists(&server, "?show=archived", &["dinner"]);
    server.stop();
    server.wait_for_the_end();

    // Not before the time has passed.
    let mut server = serve_with(server.data().clone(), |_| {});
    server.settled();
    assert!(!server.contact(&ana.manage).is_null());
    server.stop();
    server.wait_for_the_end();

    let server = serve_with(server.data().clone(), |settings| settings.contact_retention = Duration::ZERO);
    let began = Instant::now();
    while !server.contact(&ana.manage).is_null() {
        assert!(began.elapsed() < PATIENCE, "the contact is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.who("dinner"), ["Ana"]);
}
