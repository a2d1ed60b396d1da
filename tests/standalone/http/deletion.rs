//! Deleting an event on its page and over the API.

use std::fs;

use countmein::domain::contact::Contact;
use countmein::domain::event::EventId;
use serde_json::{Value, json};

use super::events::create;
use super::support::{KEY, Running, dump, registration_consent_link, serve, wait_until_announced};

/// A dinner with two attendees, and the token of its host.
fn dinner(server: &Running) -> super::events::Created {
    let fields = json!({"title": "Omar's dinner", "place": "Moorweg 3", "question": "Do you eat meat?"});
    let event = create(server, &fields);
    let ana =
        json!({"name": "Ana", "contact": {"email": "ana@example.org"}, "note": "I come late", "answer": "No meat"});
    server.sign_up_with(&event.id, &ana);
    server.sign_up(&event.id, "Ben");
    wait_until_announced(&server.database());
    event
}

#[test]
fn host_deletes_the_event_on_its_page() {
    let server = serve();
    let event = dinner(&server);
    let path = event.path(&format!("/host/{}/delete", event.host));
    let host_page = server.get(&event.path(&format!("/host/{}", event.host))).browser().send().is(200).text();
    assert!(host_page.contains(&format!("href=\"{path}\"")), "{host_page}");

    let page = server.get(&path).browser().send().is(200).text();
    assert!(page.contains("<bdi>Omar's dinner</bdi> and its 2 sign-ups will be deleted."), "{page}");
    assert!(page.contains("required") && page.contains("Back to the host’s page"), "{page}");
    let refused = server.post(&path).browser().form(&[]).send().is(428).text();
    assert!(refused.contains("id=\"confirm-error\">Please tick this box."), "{refused}");
    assert_eq!(server.who(&event.id), ["Ana", "Ben"]);

    let page = server.post(&path).browser().form(&[("confirm", &event.id)]).send().is(200).text();
    assert!(page.contains("is deleted"), "{page}");
    for rest in ["", "/attendees", &format!("/host/{}", event.host), &format!("/host/{}/delete", event.host)] {
        server.get(&event.path(rest)).browser().send().is(404);
    }
}

#[test]
fn only_a_host_deletes() {
    let server = serve();
    let event = dinner(&server);
    let link = |role: &str| {
        let body = json!({"role": role});
        let link = server.post(&event.path("/links")).bearer(&event.host).json(&body).send().is(200).json();
        link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    };
    for role in ["check_in", "co_host"] {
        let token = link(role);
        let confirmed = event.path(&format!("?confirm={}", event.id));
        server.delete(&confirmed).bearer(&token).send().is(403);
        server.post(&event.path(&format!("/host/{token}/delete"))).form(&[("confirm", &event.id)]).send().is(403);
        let page = server.get(&event.path(&format!("/host/{token}"))).browser().send().is(200).text();
        assert!(!page.contains("/delete"), "{page}");
    }
    // The organiser's key is no link.
    server.get(&event.path(&format!("/host/{KEY}/delete"))).send().is(404);
    let page = server.get(&event.path("")).browser().send().is(200).text();
    assert!(!page.contains("/delete"), "{page}");
    assert_eq!(server.who(&event.id), ["Ana", "Ben"]);
}

#[test]
fn organiser_deletes_the_event_on_its_page() {
    let server = serve();
    let event = dinner(&server);
    let path = format!("/organiser/events/{}/delete", event.id);
    assert_eq!(server.get(&path).browser().send().leads_to(), "/organiser");
    let page = server.get(&event.path("")).organiser().browser().send().is(200).text();
    assert!(page.contains(&format!("href=\"{path}\"")), "{page}");
    server.get(&path).organiser().browser().send().is(200);
    let page = server.post(&path).organiser().browser().form(&[("confirm", &event.id)]).send().is(200).text();
    assert!(page.contains("is deleted"), "{page}");
    let list = server.get("/events").organiser().send().is(200).json();
    assert_eq!(list["events"], json!([]));
}

#[test]
fn opt_in_page_says_that_the_event_is_deleted() {
    let server = serve();
    let event = dinner(&server);
    let address = Contact::email("cem@example.org").unwrap();
    let signed_up = server.sign_up_with(&event.id, &json!({"name": "Cem", "contact": {"email": "cem@example.org"}}));
    let id = EventId::parse(&event.id).unwrap();
    let link = registration_consent_link(&server.database(), &id, &signed_up, &address);
    server.delete(&event.path(&format!("?confirm={}", event.id))).bearer(&event.host).send().is(200);
    let page = server.get(&link).browser().send().is(200).text();
    assert!(page.contains("has been deleted") && page.contains("value=\"stop\""), "{page}");
    assert!(!page.contains("value=\"confirm\"") && !page.contains(&event.id), "{page}");
}

#[test]
fn deleted_event_is_not_in_the_database() {
    let server = serve();
    let event = dinner(&server);
    let button = json!({"serial": "b1", "event": event.id, "name": "Ana", "contact": {"email": "ana@example.org"}});
    server.post("/organiser/buttons").organiser().json(&button).send().is(200);

    let answer = server.delete(&event.path("?confirm=OMARS%20DINNER")).bearer(&event.host).send().is(200).json();
    assert_eq!(answer, json!({"event": "omars-dinner", "removed": 3, "next": Value::Null}));

    let kept = dump(&server.database()).join("\n");
    for private in ["ana@example.org", "Ana", "I come late", "No meat", "Moorweg", "Do you eat"] {
        assert!(!kept.contains(private), "{private}: {kept}");
    }
    let files = ["", "-wal"].map(|end| {
        let name = format!("{}{end}", server.database().display());
        String::from_utf8_lossy(&fs::read(name).unwrap_or_default()).into_owned()
    });
    for private in ["ana@example.org", "I come late", "No meat", "Moorweg"] {
        assert!(!files.iter().any(|file| file.contains(private)), "{private} is still in the file");
    }
}

#[test]
fn repeated_sign_up_with_a_key_does_not_bring_the_event_back() {
    let server = serve();
    let event = dinner(&server);
    let sign_up = || {
        let request = server.post(&event.path("/signups")).header("Idempotency-Key", "a-key-of-sixteen-bytes");
        request.json(&json!({"name": "Cleo"})).send()
    };
    sign_up().is(202);
    server.settled();
    server.delete(&event.path(&format!("?confirm={}", event.id))).bearer(&event.host).send().is(200);
    let refusal = sign_up().refuses(404, "not-found");
    assert!(refusal.contains("deleted"), "{refusal}");
    server.settled();
    server.get(&event.path("")).send().is(404);
    assert_eq!(server.rejects(), [""; 0]);
}
