//! The export and removal of everything about one person.

use serde_json::{Value, json};

use super::support::{Running, dump, enqueue, serve, serve_with, wait_until_announced};

fn export(server: &Running, body: &Value) -> Vec<Value> {
    let answer = server.post("/organiser/person/export").organiser().json(body).send().is(200).json();
    assert_eq!(answer["next"], Value::Null, "{answer}");
    answer["entries"].as_array().unwrap().clone()
}

fn remove(server: &Running, body: &Value) -> Value {
    server.post("/organiser/person/remove").organiser().json(body).send().is(200).json()
}

#[test]
fn export_contains_messages_and_contact() {
    let server = serve();
    server.sign_up_with("Dance", &json!({"name": "Ana", "contact": {"email": "ana@example.org"}}));
    server.sign_up("Dance", "Ben");
    wait_until_announced(&server.database());

    let entries = export(&server, &json!({"name": " ANA "}));
    assert_eq!(entries.len(), 1, "{entries:?}");
    let ana = &entries[0];
    assert_eq!((&ana["kind"], &ana["title"], &ana["name"]), (&json!("registration"), &json!("Dance"), &json!("Ana")));
    assert_eq!(ana["contact"], json!({"email": "ana@example.org"}));
    assert!(ana["messages"][0]["text"].as_str().unwrap().contains("Ben"), "{ana}");
    assert!(!ana.to_string().contains("owner"), "{ana}");

    let entries = export(&server, &json!({"contact": "Ana@Example.org"}));
    assert_eq!((entries.len(), &entries[0]), (1, ana));
    assert!(export(&server, &json!({"name": "Cem"})).is_empty());
    assert!(export(&server, &json!({"contact": {"sms": "+14155552671"}})).is_empty());
}

#[test]
fn removed_address_is_not_in_the_database() {
    let data = tempfile::tempdir().unwrap();
    let reject = r#"{"event": "Dance", "name": "Ana", "contact": {"email": "ANA@example.org", "fax": "555-0100"}}"#;
    enqueue(data.path(), &[reject]);
    let server = serve_with(data, |_| {});
    for event in ["dance", "gala"] {
        server.sign_up_with(event, &json!({"name": "Ana", "contact": {"email": "ana@example.org"}}));
        server.sign_up_with(event, &json!({"name": "Ben", "contact": {"email": "ben@example.org"}}));
    }
    let button = json!({"serial": "b1", "event": "dance", "name": "Ana", "contact": {"email": "ana@example.org"}});
    server.post("/organiser/buttons").organiser().json(&button).send().is(200);
    wait_until_announced(&server.database());
    // A damaged change must not stop the removal.
    let db = rusqlite::Connection::open(server.database()).unwrap();
    db.execute("INSERT INTO change (made_at, event, name, new_image) VALUES (0, 'tea', 'eve', '{')", ()).unwrap();
    drop(db);

    let ana = json!({"contact": {"email": "Ana@example.org"}});
    assert_eq!(remove(&server, &ana), json!({"removed": 4, "opt_in_unknown": false, "next": null}));
    assert_eq!(remove(&server, &ana)["removed"], 0);

    assert_eq!((server.who("dance"), server.who("gala")), (vec!["Ben".to_owned()], vec!["Ben".to_owned()]));
    let kept = dump(&server.database()).join("\n").to_lowercase();
    assert!(!kept.contains("ana@example.org") && !kept.contains("555-0100"), "{kept}");
    assert!(kept.contains("ben@example.org"));
}

#[test]
fn removal_by_name_is_that_of_the_older_route() {
    let server = serve();
    for event in ["dance", "gala"] {
        server.sign_up(event, "Ana");
    }
    assert_eq!(remove(&server, &json!({"name": "Ana", "event": "DANCE"}))["removed"], 1);
    assert_eq!(remove(&server, &json!({"name": "Ana"}))["removed"], 1);
    assert_eq!(remove(&server, &json!({"name": "Ana"}))["removed"], 0);
}

#[test]
fn malformed_requests_are_refused() {
    let server = serve();
    for path in ["/organiser/person/export", "/organiser/person/remove"] {
        let post = |body: Value| server.post(path).organiser().json(&body).send();
        post(json!({})).refuses_field("name");
        post(json!({"name": "#ana"})).refuses_field("name");
        post(json!({"contact": {"fax": "1"}})).refuses_field("contact");
        post(json!({"contact": {"email": "ana"}})).refuses_field("contact.email");
        post(json!({"name": "Ana", "event": "🎉"})).refuses_field("event");
        post(json!({"name": "Ana", "contact": {"email": "ana@example.org"}})).is(400);
        // No position, an unknown one, and keys that no storage backend accepts.
        for cursor in ["%", "e30", "eyJpbiI6Im5vd2hlcmUifQ", "eyJpbiI6ImJ1dHRvbnMiLCJhZnRlciI6IiJ9"] {
            post(json!({"contact": {"email": "ana@example.org"}, "cursor": cursor})).is(400);
        }
        server.get(path).organiser().send().is(405);
        server.post(path).json(&json!({"name": "Ana"})).send().is(401);
    }
}
