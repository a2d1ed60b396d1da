//! `countmein event` against a server.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{KEY, Running, serve, wait_until_announced};

fn countmein(server: &Running, arguments: &[&str], key: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countmein"));
    let folder = server.folder().parent().expect("it is a folder of its own");
    command.env_clear().current_dir(folder).args(arguments).stdin(Stdio::null());
    command.env("COUNTMEIN_URL", format!("http://{}", server.address)).env("TZ", "Europe/Berlin");
    command.envs(key.map(|key| ("COUNTMEIN_ORGANISER_KEY", key)));
    command.output().expect("the command starts")
}

#[track_caller]
fn text(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(if code == 0 { output.stdout.clone() } else { output.stderr.clone() }).unwrap()
}

#[track_caller]
fn json_of(output: &Output) -> Value {
    serde_json::from_str(&text(output, 0)).unwrap()
}

#[test]
fn host_plans_an_event_with_the_link_alone() {
    let server = serve();
    let create = ["event", "create", "Omar's dinner", "--starts", "2030-12-05T19:00", "--zone", "Europe/Berlin"];
    let more = ["--place", "Moorweg 3", "--guests", "2", "--question", "Do you eat meat?", "--json"];
    let created = json_of(&countmein(&server, &[&create[..], &more].concat(), None));
    assert_eq!(created["event"], "omars-dinner");
    let link = created["host"].as_str().unwrap();

    let shown = text(&countmein(&server, &["event", "show", "omars-dinner"], None), 0);
    for expected in ["Omar's dinner", "2030-12-05T19:00 (Europe/Berlin)", "Moorweg 3", "Do you eat meat?"] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let host = |arguments: &[&str]| countmein(&server, &[&["event"], arguments, &["--link", link]].concat(), None);
    text(&host(&["edit", "--place", "Hall 2", "--title", "Omar's big dinner"]), 0);
    let details = server.get("/events/omars-dinner").send().is(200).json()["details"].clone();
    assert_eq!((&details["place"], &details["title"]), (&json!("Hall 2"), &json!("Omar's big dinner")));

    let capacity = || server.get("/events/omars-dinner").send().is(200).json()["details"]["capacity"].clone();
    text(&host(&["edit", "--capacity", "40"]), 0);
    assert_eq!(capacity(), json!(40));
    text(&host(&["edit", "--capacity", ""]), 0);
    assert_eq!(capacity(), Value::Null, "the limit is removed");

    let sign_up = |name: &str| {
        let arguments = ["signup", "omars-dinner", name, "--guests", "2", "--answer", "No meat", "--note", "Late"];
        countmein(&server, &arguments, None)
    };
    text(&sign_up("Ana"), 0);
    text(&host(&["close"]), 0);
    assert!(text(&sign_up("Ben"), 1).contains("closed"));
    text(&host(&["edit", "--closes", ""]), 0);
    text(&sign_up("Ben"), 0);
    text(&host(&["cancel"]), 0);
    assert!(text(&sign_up("Cem"), 1).contains("cancelled"));
    text(&host(&["reopen"]), 0);
    text(&sign_up("Cem"), 0);

    let co_host = text(&host(&["link", "--role", "co_host"]), 0);
    let co_host = ["event", "edit", "--place", "Hall 3", "--link", co_host.trim()];
    text(&countmein(&server, &co_host, None), 0);
    text(&host(&["link", "--role", "co_host", "--revoke"]), 0);
    assert!(!countmein(&server, &co_host, None).status.success(), "the link was revoked");
}

#[test]
fn organiser_opens_every_event_with_the_key() {
    let server = serve();
    server.sign_up("Dance", "Ana");
    let organiser = |arguments: &[&str]| countmein(&server, arguments, Some(KEY));
    text(&organiser(&["event", "edit", "Dance", "--place", "Hall 2"]), 0);
    assert!(text(&organiser(&["event", "list", "--all"]), 0).contains("Dance  (dance)"));
    assert!(text(&organiser(&["event", "link", "Dance"]), 0).contains("/events/dance/host/"));
    text(&organiser(&["event", "archive", "Dance"]), 0);
    let list = json_of(&organiser(&["event", "list", "--all", "--json"]));
    assert_eq!(list["events"][0]["event"], "dance");
}

#[test]
fn delete_asks_and_says_what_is_deleted() {
    let server = serve();
    let created = json_of(&countmein(&server, &["event", "create", "Omar's dinner", "--json"], None));
    server.sign_up("omars-dinner", "Ana");
    server.sign_up("Dance", "Ana");
    wait_until_announced(&server.database());
    let refused = text(&countmein(&server, &["event", "delete", "omars-dinner"], Some(KEY)), 2);
    assert!(refused.contains("--yes"), "{refused}");
    let nobody = ["event", "delete", "omars-dinner", "--yes", "--organiser-key", "not-the-key-of-this"];
    text(&countmein(&server, &nobody, None), 1);
    assert_eq!(server.who("omars-dinner"), ["Ana"]);

    let link = created["host"].as_str().unwrap();
    let deleted = json_of(&countmein(&server, &["event", "delete", "--link", link, "--yes", "--json"], None));
    assert_eq!(deleted, json!({"event": "omars-dinner", "removed": 1}));
    text(&countmein(&server, &["event", "delete", "omars-dinner", "--yes"], Some(KEY)), 1);
    for gone in [&["omars-dinner"][..], &["nope"], &["--link", link]] {
        let error = text(&countmein(&server, &[&["event", "delete"], gone].concat(), Some(KEY)), 1);
        assert!(error.contains("no such event"), "{gone:?}: {error}");
    }
    // An interrupted deletion can be continued.
    let database = rusqlite::Connection::open(server.database()).unwrap();
    let sql = "UPDATE event_details SET record = json_remove(record, '$.expires_at') WHERE event = 'omars-dinner'";
    assert_eq!(database.execute(sql, ()).unwrap(), 1);
    // The server uses the details for up to five seconds.
    let deadline = Instant::now() + Duration::from_secs(30);
    while countmein(&server, &["event", "delete", "omars-dinner"], Some(KEY)).status.code() != Some(2) {
        assert!(Instant::now() < deadline, "the marker takes no effect");
        std::thread::sleep(Duration::from_millis(50));
    }
    for interrupted in [&["omars-dinner"][..], &["--link", link]] {
        let error = text(&countmein(&server, &[&["event", "delete"], interrupted].concat(), Some(KEY)), 2);
        assert!(error.contains("--yes"), "{interrupted:?}: {error}");
    }
    let deleted = text(&countmein(&server, &["event", "delete", "DANCE", "--yes"], Some(KEY)), 0);
    assert_eq!(deleted, "The event dance is deleted, with 1 entry.\n");
    assert_eq!(json_of(&countmein(&server, &["event", "list", "--json"], Some(KEY)))["events"], json!([]));
}

#[test]
fn mistakes_are_explained() {
    let server = serve();
    for (arguments, code, expected) in [
        (&["event", "create", " "][..], 2, "empty"),
        (&["event", "create", "Dinner", "--guests", "51"], 2, "0..=50"),
        (&["event", "create", "Dinner", "--capacity", "0"], 2, "from 1 to"),
        (&["event", "create", "Dinner", "--zone", "Europe/Nowhere"], 2, "zone"),
        (&["event", "create", "Dinner", "--starts", "Thursday"], 1, "starts_at"),
        (&["event", "edit", "dinner"], 2, "key"),
        (&["event", "edit", "--link", "https://example.org/events/dinner"], 2, "whole link"),
        (&["event", "show", "dinner", "--link", "x"], 2, "--link"),
    ] {
        let error = text(&countmein(&server, arguments, None), code);
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
}

/// Waits until this number of people have a place, and this number of parties wait.
fn until_places_are(server: &Running, expected: (u64, u64)) {
    let db = rusqlite::Connection::open(server.database()).unwrap();
    let count = |sql: &str| db.query_row(sql, (), |row| row.get::<_, u64>(0)).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let taken = count("SELECT coalesce(sum(party), 0) FROM seat WHERE standing = 'confirmed'");
        let waiting = count("SELECT count(*) FROM seat WHERE standing = 'waiting'");
        if (taken, waiting) == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{taken} taken, {waiting} waiting");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn host_gives_places_by_hand() {
    let server = serve();
    let dinner = json!({"title": "Dinner", "capacity": 1, "guests_per_signup": 2});
    let created = server.post("/events").json(&dinner).send().is(201).json();
    let link = created["host"].as_str().unwrap();
    let host = |arguments: &[&str]| countmein(&server, &[&["event"], arguments, &["--link", link]].concat(), None);
    for (name, guests) in [("Ana", "0"), ("Ben", "0"), ("Cem", "1")] {
        text(&countmein(&server, &["signup", "dinner", name, "--guests", guests], None), 0);
    }
    until_places_are(&server, (1, 2));
    let refused = text(&host(&["promote", "--name", "Cem"]), 2);
    assert!(refused.contains("--raise-capacity"), "{refused}");
    let promoted = text(&host(&["promote", "--name", "Cem", "--raise-capacity"]), 0);
    assert_eq!(promoted, "Cem gets the next 2 places.\nplaces: 3\n");
    until_places_are(&server, (3, 1));
    assert!(text(&host(&["promote", "--name", "Cem"]), 1).contains("Cem is not on the waiting list"));
    assert_eq!(text(&host(&["remove-attendee", "--name", "Ana"]), 0), "Ana is off the roster.\n");
    until_places_are(&server, (3, 0));
    assert!(text(&host(&["remove-attendee", "--name", "Ana"]), 1).contains("Nobody with this name"));

    let db = rusqlite::Connection::open(server.database()).unwrap();
    db.execute("DELETE FROM seat", ()).unwrap();
    assert_eq!(host(&["rebuild"]).status.code(), Some(1), "a host may not");
    let rebuilt = text(&countmein(&server, &["event", "rebuild", "dinner"], Some(KEY)), 0);
    assert_eq!(rebuilt, "The attendees and seats of the event are being counted again.\n");
    until_places_are(&server, (3, 0));
}
