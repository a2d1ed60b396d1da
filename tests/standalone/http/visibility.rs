//! Who finds an event, and who sees its names and its number of attendees.

use std::time::Duration;

use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::event::EventId;
use countmein::domain::new_event_id::is_unlisted;
use serde_json::{Value, json};

use super::events::{Created, create};
use super::places::until;
use super::support::{Running, SignedUp, serve, serve_with, wait_until_announced};

/// An event with an attendee.
fn event_with(server: &Running, fields: &Value) -> (Created, SignedUp) {
    let event = create(server, fields);
    let ana = server.sign_up(&event.id, "Ana");
    (event, ana)
}

#[test]
fn audience_sees_names_and_count_on_every_face() {
    let server = serve();
    for (audience, names_for_public, names_for_attendee) in
        [("everyone", true, true), ("attendees", false, true), ("hosts", false, false)]
    {
        let title = format!("Dinner for {audience}");
        let fields = json!({ "title": title, "roster_visible_to": audience, "count_visible_to": audience });
        let (event, ana) = event_with(&server, &fields);
        for (token, sees) in [
            ("", names_for_public),
            (ana.token(), names_for_attendee),
            (&event.host, true),
            (super::support::KEY, true),
        ] {
            let status = if sees { 200 } else { 403 };
            server.get(&event.path("/attendees")).bearer(token).send().is(status);
            server.get(&event.path("/attendees/Ana")).bearer(token).send().is(status);
            let shown = server.get(&event.path("")).bearer(token).send().is(200).json();
            assert_eq!(shown["count"], if sees { json!(1) } else { json!(null) }, "{audience} {token}");
            let page = server.get(&event.path("")).bearer(token).browser().send().is(200).text();
            assert_eq!(page.contains(">Ana<"), sees, "{audience} {token}: {page}");
        }
        let sample = server.get("/").send().is(200).text();
        assert_eq!(sample.contains(&title), names_for_public, "{audience}: {sample}");
    }
}

#[test]
fn count_can_be_public_while_the_names_are_not() {
    let server = serve();
    let (event, _) = event_with(&server, &json!({ "title": "Dinner", "roster_visible_to": "hosts" }));
    assert_eq!(server.get(&event.path("")).send().json()["count"], json!(1));
    let page = server.get(&event.path("")).browser().send().text();
    assert!(page.contains("1 ") && !page.contains(">Ana<"), "{page}");
}

#[test]
fn personal_page_shows_names_that_are_for_attendees_only() {
    let server = serve();
    let page_of = |person: &SignedUp| server.get(&person.manage).browser().send().is(200).text();
    for (audience, is_shown) in [("everyone", false), ("attendees", true), ("hosts", false)] {
        let title = format!("Dinner for {audience}");
        let (event, ana) = event_with(&server, &json!({ "title": title, "roster_visible_to": audience }));
        server.sign_up(&event.id, "Ben <b>");
        let page = page_of(&ana);
        assert_eq!(page.contains("Ben &lt;b&gt;"), is_shown, "{audience}: {page}");
        assert_eq!(page.contains("2 signed up"), is_shown, "{audience}: {page}");
        server.cancel(&ana);
        assert!(!page_of(&ana).contains("Ben &lt;b&gt;"), "{audience}");
    }
    let (event, ana) = event_with(&server, &json!({ "title": "Gala", "roster_visible_to": "attendees" }));
    for number in 0..100 {
        server.sign_up(&event.id, &format!("Guest {number:03}"));
    }
    let page = page_of(&ana);
    assert!(page.contains("101 signed up") && page.contains("Guest 098") && !page.contains("Guest 099"), "{page}");
    let next = page.split("href=\"?cursor=").nth(1).expect("there is a next page").split('"').next().unwrap();
    let further = server.get(&format!("{}?cursor={next}", ana.manage)).browser().send().is(200).text();
    assert!(further.contains("Guest 099") && !further.contains("Guest 098"), "{further}");
}

#[test]
fn cancelled_attendee_no_longer_sees_the_names() {
    let server = serve();
    let (event, ana) = event_with(&server, &json!({ "title": "Dinner", "roster_visible_to": "attendees" }));
    server.cancel(&ana);
    server.get(&event.path("/attendees")).bearer(ana.token()).send().is(403);
}

#[test]
fn unlisted_event_is_found_with_its_link_alone() {
    let server = serve();
    let (event, ana) = event_with(&server, &json!({ "title": "Secret dinner", "visibility": "unlisted" }));
    let id = EventId::parse(&event.id).unwrap();
    assert!(is_unlisted(&id), "{id}");
    assert_eq!(server.who(&event.id), ["Ana"]);

    for path in
        ["/", "/metrics", "/health", "/openapi.json", "/events/secret-dinner", "/events/secret-dinner/attendees"]
    {
        for answer in [server.get(path).send(), server.get(path).browser().send()] {
            let text = answer.text().to_lowercase();
            assert!(!text.contains(&event.id), "{path}: {text}");
        }
    }
    let home = server.get("/").browser().send().text();
    assert!(!home.contains("Secret dinner"), "{home}");
    // Its owner and the organiser see it.
    assert_eq!(server.state(&ana.manage), "in");
    assert!(server.get("/events?show=all").organiser().send().text().contains(&event.id));
}

#[test]
fn unknown_unlisted_event_is_like_any_other_unknown_event() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "visibility": "unlisted" }));
    let guess = if event.id.ends_with('2') {
        event.id.replace('2', "3")
    } else {
        format!("{}2", &event.id[..event.id.len() - 1])
    };
    for path in
        [format!("/events/{guess}"), format!("/events/{guess}/attendees"), format!("/events/{guess}/attendees/Ana")]
    {
        server.get(&path).send().refuses(404, "not-found");
        server.get(&path).browser().send().is(404);
    }
    let ana = json!({ "event": guess, "name": "Ana" });
    server.post(&format!("/events/{guess}/signups")).json(&ana).send().refuses(404, "not-found");
    server.post("/").json(&ana).send().refuses(404, "not-found");
    // It begins in no other way either.
    server.post("/organiser/signups").organiser().json(&ana).send().refuses(404, "not-found");
    assert_eq!(server.get("/events?show=all").organiser().send().json()["events"].as_array().unwrap().len(), 1);
}

#[test]
fn messages_leave_out_names_that_their_recipient_may_not_see() {
    // Whether Ana's own sign-up is announced first is a matter of chance, and must not begin a pause.
    let server = serve_with(tempfile::tempdir().unwrap(), |settings| {
        settings.notifications.backoff =
            BackoffPolicy { initial: Duration::ZERO, multiplier: 1, maximum: Duration::ZERO };
    });
    for (names, count, has_names, has_message) in
        [("everyone", "everyone", true, true), ("hosts", "everyone", false, true), ("hosts", "hosts", false, false)]
    {
        let title = format!("Dinner {names} {count}");
        let fields = json!({ "title": title, "roster_visible_to": names, "count_visible_to": count });
        let (event, ana) = event_with(&server, &fields);
        server.sign_up(&event.id, "Quetzal");
        server.settled();
        wait_until_announced(&server.database());
        let messages = server.get(&ana.manage).send().is(200).json()["messages"].to_string();
        assert_eq!(messages.contains("Quetzal"), has_names, "{title}: {messages}");
        assert_eq!(messages != "[]", has_message, "{title}: {messages}");
    }
}

#[test]
fn start_page_shows_only_public_counts() {
    let server = serve();
    event_with(&server, &json!({ "title": "Open dinner" }));
    event_with(&server, &json!({ "title": "Quiet dinner", "roster_visible_to": "hosts", "count_visible_to": "hosts" }));
    let home = || server.get("/").browser().send().is(200).text();
    until(|| home().contains("1 signed up"), "the sign-ups are counted");
    let home = home();
    assert!(home.contains("Open dinner") && home.contains("Quiet dinner"), "{home}");
    assert_eq!(home.matches("1 signed up").count(), 1, "{home}");
}

#[test]
fn messages_show_what_was_visible_then_and_is_visible_now() {
    let server = serve_with(tempfile::tempdir().unwrap(), |settings| {
        settings.notifications.backoff =
            BackoffPolicy { initial: Duration::ZERO, multiplier: 1, maximum: Duration::ZERO };
    });
    let (event, ana) = event_with(&server, &json!({ "title": "Dinner", "roster_visible_to": "hosts" }));
    let joins = |name: &str| {
        server.sign_up(&event.id, name);
        server.settled();
        wait_until_announced(&server.database());
    };
    let show_names_to = |audience: &str| {
        let edit = json!({ "roster_visible_to": audience });
        server.patch(&event.path("")).bearer(&event.host).header("If-Match", "*").json(&edit).send().is(200);
        server.settled();
    };
    let messages = || server.get(&ana.manage).send().is(200).json()["messages"].to_string();
    joins("Quetzal");
    show_names_to("everyone");
    joins("Ben");
    let shown = messages();
    assert!(shown.contains("Ben joined") && !shown.contains("Quetzal"), "Quetzal's name was hidden: {shown}");
    let sql =
        "INSERT INTO inbox (event, name, owner, id, at, text) SELECT event, name, owner, 'm', since, 'Dora joined.'
               FROM attendee WHERE display_name = 'Ana'";
    rusqlite::Connection::open(server.database()).unwrap().execute(sql, ()).unwrap();
    assert!(messages().contains("Dora"), "a message of an earlier version");

    show_names_to("hosts");
    let shown = messages();
    assert!(shown.contains("1 person joined"), "{shown}");
    assert!(!["Ben", "Dora"].iter().any(|name| shown.contains(name)), "the names are hidden now: {shown}");
}
