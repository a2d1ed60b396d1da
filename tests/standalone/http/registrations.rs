//! What people say about their own registration: guests, an answer, a note, and their language.

use serde_json::{Value, json};

use super::events::{Created, create};
use super::support::{Running, SignedUp, serve};

fn dinner(server: &Running) -> Created {
    create(server, &json!({ "title": "Dinner", "guests_per_signup": 2, "question": "Do you eat meat?" }))
}

fn details(server: &Running, signed_up: &SignedUp) -> Value {
    server.get(&signed_up.manage).send().is(200).json()["details"].clone()
}

/// The attendees as the host sees them, without times.
fn host_sees(server: &Running, event: &Created) -> Vec<Value> {
    let page = server.get(&event.path(&format!("/host/{}", event.host))).send().is(200).json();
    let mut attendees = page["attendees"].as_array().unwrap().clone();
    for attendee in &mut attendees {
        attendee["since"].take();
    }
    attendees
}

#[test]
fn details_are_shown_to_those_who_may_see_them() {
    let server = serve();
    let event = dinner(&server);
    let body = json!({ "name": "Ana", "guests": 2, "answer": "No <b>meat</b>", "note": "Late.", "language": "de-AT" });
    let ana = server.sign_up_with(&event.id, &body);

    let own = json!({ "guests": 2, "answer": "No <b>meat</b>", "note": "Late.", "language": "de" });
    assert_eq!(details(&server, &ana), own);
    let mut expected = own.clone();
    expected["name"] = json!("Ana");
    expected["channel"] = json!("http");
    expected["since"] = json!(null);
    assert_eq!(host_sees(&server, &event), [expected]);
    let export = server.get("/organiser/export?format=json").organiser().send().is(200).json();
    for (field, value) in own.as_object().unwrap() {
        assert_eq!(export[0][field], *value, "{field}");
    }

    // Everybody else sees the guests alone.
    let roster = server.get(&event.path("/attendees")).send().is(200);
    assert_eq!(roster.json()["attendees"][0]["guests"], json!(2));
    let page = server.get(&event.path("")).browser().send().is(200).text();
    assert!(page.contains("Ana +2") && page.contains("Do you eat meat?"), "{page}");
    for text in [roster.text(), page, server.get("/").send().text(), server.get("/metrics").send().text()] {
        assert!(!text.contains("meat</") && !text.contains("Late."), "{text}");
    }
    let host = server.get(&event.path(&format!("/host/{}", event.host))).browser().send().is(200).text();
    assert!(host.contains("No &lt;b&gt;meat&lt;/b&gt;") && host.contains("Late."), "{host}");
}

#[test]
fn owner_changes_what_the_link_allows() {
    let server = serve();
    let event = dinner(&server);
    let ana = server.sign_up_with(&event.id, &json!({ "name": "Ana", "guests": 2, "answer": "No meat" }));
    let change = |fields: &Value| server.post(&ana.manage).json(fields).send();

    assert_eq!(change(&json!({ "guests": 1 })).is(202).json()["details"]["guests"], json!(1));
    assert_eq!(details(&server, &ana), json!({ "guests": 1, "answer": "No meat", "note": null, "language": null }));
    change(&json!({ "answer": null, "note": "Late", "language": "de" })).is(202);
    assert_eq!(details(&server, &ana), json!({ "guests": 1, "answer": null, "note": "Late", "language": "de" }));

    let refused = change(&json!({ "guests": 3 })).refuses_field("guests");
    assert!(refused.contains('2'), "{refused}");
    change(&json!({ "note": "x".repeat(501) })).refuses_field("note");
    assert_eq!(details(&server, &ana)["guests"], json!(1), "a refused change changes nothing");

    // As a browser without JavaScript does.
    let form = [("action", "details"), ("guests", "2"), ("answer", "No fish"), ("note", "")];
    server.post(&ana.manage).browser().form(&form).send().leads_to();
    assert_eq!(details(&server, &ana), json!({ "guests": 2, "answer": "No fish", "note": null, "language": "de" }));
}

#[test]
fn guests_are_limited_in_every_channel() {
    let server = serve();
    let event = dinner(&server);
    let too_many = json!({ "event": event.id, "name": "Ana", "guests": 3 });
    server.post(&event.path("/signups")).json(&too_many).send().refuses_field("guests");
    server.post("/organiser/signups").organiser().json(&too_many).send().refuses_field("guests");
    // An event without details allows none.
    server.post("/events/dance/signups").json(&json!({ "name": "Ana", "guests": 1 })).send().refuses_field("guests");

    let import = json!({ "import": "a", "began_at": 1_795_431_600_000_i64, "rows": [
        { "row": 2, "event": event.id, "name": "Ben", "guests": 3 },
        { "row": 3, "event": event.id, "name": "Cem", "guests": 2, "answer": "No meat" },
    ] });
    server.post("/organiser/import").organiser().json(&import).send().is(202);
    server.settled();
    assert_eq!(server.who(&event.id), ["Cem"]);
    assert_eq!(server.rejects().len(), 1);
}

#[test]
fn language_is_that_of_the_browser_unless_it_is_chosen() {
    let server = serve();
    let event = dinner(&server);
    for (name, language, accepted, expected) in [
        ("Ana", json!(null), "de-AT,de;q=0.9,en;q=0.8", json!("de")),
        ("Ben", json!("en"), "de", json!("en")),
        ("Cem", json!(null), "fr", json!(null)),
        ("Dana", json!("fr"), "de", json!("de")),
    ] {
        let body = json!({ "name": name, "language": language });
        let request = server.post(&event.path("/signups")).header("Accept-Language", accepted);
        let signed_up = SignedUp::read(&request.json(&body).send().is(202).json());
        server.settled();
        assert_eq!(details(&server, &signed_up)["language"], expected, "{name}");
    }
}

#[test]
fn repeat_with_other_details_is_another_request() {
    let server = serve();
    let event = dinner(&server);
    let key = "0123456789abcdef";
    let send = |body: &Value, accepted: &str| {
        let request = server.post(&event.path("/signups")).header("Idempotency-Key", key);
        request.header("Accept-Language", accepted).json(body).send()
    };
    let first = send(&json!({ "name": "Ana", "guests": 1 }), "de").is(202).json();
    assert_eq!(send(&json!({ "name": "Ana", "guests": 1 }), "en").is(202).json(), first);
    send(&json!({ "name": "Ana", "guests": 2 }), "de").refuses(422, "idempotency-key-reused");
}

#[test]
fn export_can_be_imported_again() {
    let server = serve();
    let event = dinner(&server);
    server
        .sign_up_with(&event.id, &json!({ "name": "Ana", "guests": 2, "answer": "=No meat", "note": "Late.\nVery." }));
    let csv = server.get("/organiser/export").organiser().send().is(200).body;
    let mut table = countmein::formats::csv::Table::new(&csv[..]).unwrap();
    let row = table.next_row().unwrap().unwrap().signup.unwrap();
    assert_eq!(row.details.guests, Some(2));
    let fields = countmein::formats::registration_details::RegistrationFields::of(&row.details);
    assert_eq!((fields.answer.as_deref(), fields.note.as_deref()), (Some("=No meat"), Some("Late.\nVery.")));
}

#[test]
fn closed_event_gets_no_further_guests() {
    let server = serve();
    let event = dinner(&server);
    let ana = server.sign_up_with(&event.id, &json!({ "name": "Ana", "guests": 1 }));
    let change = |fields: &Value| server.post(&ana.manage).json(fields).send();
    server.post(&event.path("/cancel")).bearer(&event.host).json(&json!({})).send().is(200);
    change(&json!({ "guests": 2 })).refuses(409, "conflict");
    change(&json!({ "guests": 1, "note": "Late" })).is(202);
    change(&json!({ "guests": 0 })).is(202);
    assert_eq!(details(&server, &ana)["guests"], json!(0));
}

#[test]
fn export_names_events_so_that_an_import_finds_them() {
    let server = serve();
    let first = create(&server, &json!({ "title": "Gala" }));
    let second = create(&server, &json!({ "title": "Gala" }));
    let hidden = create(&server, &json!({ "title": "Gala", "visibility": "unlisted" }));
    for event in [&first, &second, &hidden] {
        server.sign_up(&event.id, "Ana");
    }
    let mut events: Vec<String> = server.exported().into_iter().map(|row| row[0].clone()).collect();
    events.sort();
    let mut expected = vec!["Gala".to_owned(), second.id.clone(), hidden.id.clone()];
    expected.sort();
    assert_eq!(events, expected);
}
