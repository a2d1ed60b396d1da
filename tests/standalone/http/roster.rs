//! Reading: rosters in pages, one attendee, events.

use serde_json::{Value, json};

use super::support::{Running, serve};

fn names(page: &Value) -> Vec<String> {
    page["attendees"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

/// All pages at a limit, one after the other.
fn pages(server: &Running, path: &str, limit: usize) -> Vec<Value> {
    let mut pages: Vec<Value> = Vec::new();
    loop {
        let cursor = pages.last().map_or(String::new(), |page| format!("&cursor={}", page["next"].as_str().unwrap()));
        let page = server.get(&format!("{path}limit={limit}{cursor}")).organiser().send().is(200).json();
        let last = page["next"].is_null();
        pages.push(page);
        if last {
            return pages;
        }
    }
}

#[test]
fn roster_shows_name_time_and_channel() {
    let server = serve();
    server.sign_up_with("Pizza Night", &json!({"name": "Ana", "contact": "ana@example.org"}));
    let answer = server.get("/events/pizza-night/attendees").send().is(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let mut roster = answer.json();
    let since = roster["attendees"][0]["since"].take();
    assert!(since.as_str().unwrap().ends_with('Z') && since.as_str().unwrap().len() == 24, "{since}");
    let entry = json!({"name": "Ana", "guests": 0, "since": null, "channel": "http"});
    let expected =
        json!({"event": "pizza-night", "title": "Pizza Night", "count": 1, "attendees": [entry], "next": null});
    assert_eq!(roster, expected);
}

#[test]
fn unknown_event_is_empty() {
    let server = serve();
    let roster = server.get("/events/dance/attendees").send().is(200).json();
    assert_eq!(roster, json!({"event": "dance", "title": null, "count": 0, "attendees": [], "next": null}));
    let event = server.get("/events/The%20Dance").send().is(200).json();
    assert_eq!(event, json!({"event": "the-dance", "title": "The Dance", "count": 0}));
}

#[test]
fn roster_pages_hold_everybody_once() {
    let server = serve();
    let people = ["Ana", "ben", "Chloë", "Đorđe", "Émile", "Zoë", "小林", "שרה", "محمد", "👩‍👩‍👧‍👦", "100%", "a/b?c&d=e+f"];
    for name in people {
        server.post("/events/dance/signups").json(&json!({"name": name})).send().is(202);
        server.post("/events/dance-2/signups").json(&json!({"name": name})).send().is(202);
    }
    server.settled();
    let whole = names(&server.get("/events/dance/attendees").send().json());
    assert_eq!(whole.len(), people.len());
    for limit in [1, 2, 5, 11, 12, 13, 1000] {
        let pages = pages(&server, "/events/dance/attendees?", limit);
        assert_eq!(pages.len(), people.len().div_ceil(limit), "limit {limit}");
        assert!(pages.iter().all(|page| page["count"] == people.len() && names(page).len() <= limit));
        assert_eq!(pages.iter().flat_map(names).collect::<Vec<_>>(), whole, "limit {limit}");
    }
}

#[test]
fn leaving_between_pages_skips_nobody() {
    let server = serve();
    let ana = server.sign_up("dance", "Ana");
    for name in ["Ben", "Cem"] {
        server.sign_up("dance", name);
    }
    let first = server.get("/events/dance/attendees?limit=1").send().json();
    server.cancel(&ana);
    let next = first["next"].as_str().unwrap();
    let second = server.get(&format!("/events/dance/attendees?limit=2&cursor={next}")).send().json();
    assert_eq!(names(&second), ["Ben", "Cem"]);
}

#[test]
fn unchanged_roster_is_304() {
    let server = serve();
    server.sign_up("dance", "Ana");
    let roster = "/events/dance/attendees";
    let first = server.get(roster).send().is(200);
    let etag = first.header("etag");
    assert_eq!(first.header("cache-control"), "no-cache");
    for condition in [etag.to_owned(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let again = server.get(roster).header("If-None-Match", &condition).send().is(304);
        assert_eq!((again.header("etag"), again.body.len()), (etag, 0), "{condition}");
    }
    server.get(roster).header("If-None-Match", "\"other\"").send().is(200);

    server.sign_up("dance", "Ben");
    let changed = server.get(roster).header("If-None-Match", etag).send().is(200);
    assert_ne!(changed.header("etag"), etag);
    // Another page is another representation.
    let page = server.get(&format!("{roster}?limit=1")).header("If-None-Match", changed.header("etag")).send();
    page.is(200);
}

#[test]
fn invalid_limit_or_cursor_is_explained() {
    let server = serve();
    for path in ["/events/dance/attendees", "/events", "/organiser/rejects"] {
        for limit in ["0", "1001", "-1", "ten", "1.5", "", "99999999999999999999", "%F0%9F%91%A9"] {
            let answer = server.get(&format!("{path}?limit={limit}")).organiser().send();
            assert!(answer.refuses(400, "malformed-request").contains("from 1 to 1000"), "{path} {limit}");
        }
        let long = "A".repeat(4_000);
        for cursor in ["!", "a", "_w", "AAA=", "%20", "", &long] {
            let answer = server.get(&format!("{path}?cursor={cursor}")).organiser().send();
            assert!(answer.refuses(400, "malformed-request").contains("Take it from `next`"), "{path} {cursor}");
        }
        server.get(&format!("{path}?limit=1&limit=2")).organiser().send().refuses(400, "malformed-request");
        server.get(&format!("{path}?unknown=1")).organiser().send().is(200);
    }
}

#[test]
fn attendee_is_found_in_any_spelling() {
    let server = serve();
    let ana = server.sign_up_with("Dance", &json!({"name": "Ana María", "contact": "ana@example.org"}));
    for name in ["Ana%20Mar%C3%ADa", "ANA%20%20MARI%CC%81A"] {
        let found = server.get(&format!("/events/DANCE/attendees/{name}")).send().is(200).json();
        assert_eq!((&found["event"], &found["name"]), (&json!("dance"), &json!("Ana María")));
        assert_eq!(found.as_object().unwrap().len(), 5, "{found}");
    }
    server.get("/events/dance/attendees/ben").send().refuses(404, "not-found");
    server.get("/events/gala/attendees/Ana%20Mar%C3%ADa").send().refuses(404, "not-found");
    server.cancel(&ana);
    server.get("/events/dance/attendees/Ana%20Mar%C3%ADa").send().refuses(404, "not-found");
}

#[test]
fn only_the_organiser_lists_events() {
    let server = serve();
    let ana = server.sign_up("Dance", "Ana");
    server.sign_up("Chess Club", "Ana");
    server.sign_up("Chess Club", "Ben");
    server.cancel(&ana);
    server.get("/events").send().refuses(401, "login-needed");
    let answer = server.get("/events?show=all").organiser().send().is(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let listed = |event: &str, title: &str, count: u32| {
        json!({"event": event, "title": title, "count": count, "starts_at": null, "zone": null, "cancelled_at": null,
               "archived_at": null})
    };
    let (chess, dance) = (listed("chess-club", "Chess Club", 2), listed("dance", "Dance", 0));
    assert_eq!(answer.json(), json!({"events": [chess, dance], "next": null}));
    for limit in [1, 2, 3] {
        let pages = pages(&server, "/events?show=all&", limit);
        let events: Vec<_> = pages.iter().flat_map(|page| page["events"].as_array().unwrap()).collect();
        assert_eq!(events, [&chess, &dance], "limit {limit}");
    }
}
