//! Contacts stay private, and a GET changes nothing.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use countmein::domain::contact::Contact;
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

use super::events::create;
use super::support::{KEY, Request, Running, consent_link, dump, enqueue, serve, serve_with, wait_until_announced};

const EMAIL: &str = "xochitl@hidden.example.org";
const PHONE: &str = "+442079460958";
const WEBHOOK: &str = "https://hooks.hidden.example.org/s3cr3t";
const CONTACTS: [&str; 3] = [EMAIL, PHONE, WEBHOOK];

/// Three people, each with a contact of another kind; their manage links.
fn people_with_contacts(server: &Running) -> Vec<String> {
    let contacts = [json!({"email": EMAIL}), json!({"sms": PHONE}), json!({"webhook": WEBHOOK})];
    let people = ["Quetzal", "Tlaloc", "Xipe"].into_iter().zip(contacts);
    people
        .map(|(name, contact)| server.sign_up_with("dance", &json!({"name": name, "contact": contact})).manage)
        .collect()
}

fn holds_a_contact(text: &str) -> bool {
    // As typed, or as a part of a URL or a form.
    CONTACTS.iter().any(|contact| text.contains(contact))
        || text.contains("hidden.example")
        || text.contains("2079460958")
}

/// Every path there is, with the organiser's and the owner's own.
fn every_path(server: &Running, manage: &str) -> Vec<String> {
    let reject = server.rejects().pop().unwrap_or_default();
    let contract: Value = serde_json::from_str(&countmein::http::openapi()).unwrap();
    let fill = |path: &String| {
        let path = path.replace("/events/{event}/manage/{token}", manage);
        path.replace("{event}", "dance").replace("{name}", "quetzal").replace("{id}", &reject)
    };
    let mut paths: Vec<String> = contract["paths"].as_object().unwrap().keys().map(fill).collect();
    let others = [
        "/organiser",
        "/organiser/login",
        "/organiser/logout",
        "/openapi.json",
        "/assets/x/page.js",
        "/new",
        "/nowhere",
    ];
    paths.extend(others.map(str::to_owned));
    paths
}

#[test]
fn get_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    enqueue(data.path(), &["no message"]);
    let server = serve_with(data, |_| {});
    let manage = people_with_contacts(&server).remove(0);
    let mut paths = every_path(&server, &manage);
    let contact = Contact::email(EMAIL).unwrap();
    paths.push(consent_link(&server.database(), &contact));
    wait_until_announced(&server.database());
    let before = dump(&server.database());
    assert!(before.iter().any(|row| row.starts_with("attendee: ") && row.contains(EMAIL)), "{before:?}");
    let query = "?action=cancel&name=Quetzal&event=dance&contact=new%40example.org&set=%7B%7D&key=correct";
    for path in paths {
        for path in [path.clone(), format!("{path}{query}")] {
            for method in ["GET", "HEAD"] {
                let ask = || Request::new(&server, method, &path).organiser();
                for answer in [ask().send(), ask().browser().send(), Request::new(&server, method, &path).send()] {
                    assert!(answer.status < 500, "{answer:?}");
                }
            }
        }
    }
    assert_eq!(dump(&server.database()), before);
}

#[test]
fn public_answers_hold_no_contact() {
    let server = serve();
    let manage = people_with_contacts(&server);
    for path in manage.iter().flat_map(|manage| every_path(&server, manage)) {
        for request in [server.get(&path), server.get(&path).browser()] {
            let answer = request.send();
            assert!(!holds_a_contact(&answer.text()), "{answer:?}");
            assert!(!holds_a_contact(&format!("{:?}", answer.headers)), "{answer:?}");
        }
    }
}

#[test]
fn refusals_repeat_no_contact() {
    let server = serve();
    let manage = people_with_contacts(&server).remove(0);
    let key = ("Idempotency-Key", "0123456789abcdef");
    server.post("/events/dance/signups").header(key.0, key.1).json(&json!({"name": "Ana"})).send().is(202);
    for contact in CONTACTS {
        let encoded: String = url::form_urlencoded::byte_serialize(contact.as_bytes()).collect();
        let long = format!("{contact} {}", "x".repeat(100));
        let wrong = format!("<{contact}>\u{7}");
        let post = |path: &str, body: Value| server.post(path).json(&body);
        let signups = "/events/dance/signups";
        let requests = [
            post(signups, json!({"name": long})),
            post(signups, json!({"name": wrong})),
            post(signups, json!({"name": {"email": contact}})),
            post(signups, json!({"name": "Ana", "contact": wrong})),
            post(signups, json!({"name": "Ana", "contact": [contact]})),
            post(signups, json!({"name": "Ana", "contact": {contact: contact}})),
            post(signups, json!({"name": "Ana", "contact": {"fax": contact}})),
            post(signups, json!({"name": "Ana", "contact": {"email": contact, "sms": contact}})),
            post(signups, json!({"name": "Ana", "contact": {"email": wrong}})),
            post(signups, json!({"name": "Ana", "contact": {"sms": wrong}})),
            post(signups, json!({"name": "Ana", "contact": {"webhook": format!("{wrong}#")}})),
            post(signups, json!({"name": "Ana", "contact": contact})).header(key.0, key.1),
            post(signups, json!({"name": "Ana"})).header(key.0, &contact[..12]),
            server.post(signups).body("application/json", contact),
            server.post(signups).body("application/json", format!("{{\"{contact}")),
            server.post(signups).body("application/json", format!("\"{contact}\"")),
            server.post(signups).body(&format!("text/plain; x=\"{contact}\""), contact),
            server.post(signups).form(&[("name", &wrong), ("contact", contact)]),
            post("/", json!({"event": contact, "name": "Ana", "contact": wrong})),
            post(&manage, json!({"contact": wrong})),
            post(&manage, json!({"action": contact})),
            server.get(&format!("/events/{encoded}%07")),
            server.get(&format!("/events/dance/attendees/{encoded}%07")),
            server.get(&format!("/events/dance/attendees?cursor={encoded}")),
            server.get(&format!("/events/dance/attendees?limit={encoded}")),
            server.get(&format!("/{encoded}")),
            post("/organiser/signups", json!({"event": "dance", "name": "Ana", "action": contact})).organiser(),
            post("/organiser/signups", json!({"event": "dance", "name": "Ana", "contact": contact})).organiser(),
            post("/organiser/remove", json!({"name": wrong})).organiser(),
            post("/organiser/person/export", json!({"contact": wrong})).organiser(),
            post("/organiser/person/remove", json!({"contact": {"email": wrong}})).organiser(),
            server.get(&format!("/organiser/rejects/{encoded}")).organiser(),
            server.post("/organiser/login").form(&[("key", contact)]),
        ];
        for request in requests {
            let answer = request.send();
            assert!((400..500).contains(&answer.status), "{answer:?}");
            assert!(!holds_a_contact(&answer.text()), "{answer:?}");
        }
    }
    assert!(!holds_a_contact(&server.get("/metrics").send().text()));
}

#[test]
fn reject_reasons_hold_no_contact() {
    let data = tempfile::tempdir().unwrap();
    let wrong = |contact: Value| json!({"event": "Dance", "name": "Ana", "contact": contact}).to_string();
    let mut messages: Vec<String> = CONTACTS.into_iter().map(|contact| wrong(json!(contact))).collect();
    messages.extend([wrong(json!({"fax": EMAIL})), wrong(json!({EMAIL: EMAIL})), wrong(json!({"sms": EMAIL}))]);
    messages.extend([EMAIL.to_owned(), format!("\"{EMAIL}\""), format!("{{\"name\": \"{EMAIL}\"")]);
    messages.push(json!({"event": format!("{EMAIL}\u{7}"), "name": "Ana"}).to_string());
    enqueue(data.path(), &messages);
    let server = serve_with(data, |_| {});
    server.settled();
    let listed = server.get("/organiser/rejects").organiser().send().is(200);
    assert_eq!(listed.json()["rejects"].as_array().unwrap().len(), messages.len());
    assert!(!holds_a_contact(&listed.text()), "{}", listed.text());
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn trace_log_holds_no_personal_data() {
    let log = Log::default();
    let writer = log.clone();
    let filter = EnvFilter::new("countmein=trace");
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(move || writer.clone()).init();

    let data = tempfile::tempdir().unwrap();
    let poison = json!({"event": "Dance", "name": "Quetzal", "contact": {"fax": EMAIL}});
    let leave =
        json!({"event": "Dance", "name": "Quetzal", "action": "cancel", "stay": "x", "contact": {"email": EMAIL}});
    enqueue(data.path(), &[poison.to_string(), leave.to_string(), format!("{{\"{EMAIL}")]);
    let server = serve_with(data, |_| {});
    let manage = people_with_contacts(&server);
    let unlisted = create(&server, &json!({ "title": "Secret dinner", "visibility": "unlisted" }));
    let guest = server.sign_up(&unlisted.id, "Ana");
    for path in [unlisted.path(""), unlisted.path("/attendees"), unlisted.path(&format!("/host/{}", unlisted.host))] {
        server.get(&path).send().is(200);
    }
    server.post(&unlisted.path("/cancel")).bearer(&unlisted.host).json(&json!({})).send().is(200);
    server.post(&unlisted.path("/signups")).json(&json!({ "name": "Ben" })).send().is(409);
    server.cancel(&guest);
    let tokens: Vec<&str> = manage.iter().map(|manage| manage.rsplit('/').next().unwrap()).collect();
    for manage in &manage {
        for path in every_path(&server, manage) {
            server.get(&path).organiser().send();
            server.get(&format!("{path}?contact={EMAIL}&name=Quetzal")).browser().send();
            server.post(&path).json(&json!({"contact": EMAIL, "name": "Quetzal\u{7}", "event": "dance"})).send();
        }
    }
    server.post("/organiser/login").form(&[("key", "a-wrong-key-of-quetzal")]).send();
    server.post("/organiser/login").form(&[("key", KEY)]).send();
    server.post(&manage[0]).json(&json!({"action": "cancel"})).send().is(202);
    server.post("/organiser/person/export").organiser().json(&json!({"name": "Quetzal"})).send().is(200);
    server.post("/organiser/person/export").organiser().json(&json!({"contact": EMAIL})).send().is(200);
    server.post("/organiser/person/remove").organiser().json(&json!({"contact": WEBHOOK})).send().is(200);
    server.post("/organiser/remove").organiser().json(&json!({"name": "Tlaloc"})).send().is(200);
    server.settled();
    drop(server);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for said in ["signup accepted", "signup stored", "message rejected", "answered", "/events/{event}/manage/{token}"] {
        assert!(log.contains(said), "the log is not what it was: {said} is not in it");
    }
    for line in log.lines() {
        assert!(!holds_a_contact(line), "{line}");
        assert!(!["quetzal", "tlaloc", "xipe"].iter().any(|name| line.to_lowercase().contains(name)), "{line}");
        assert!(!tokens.iter().any(|token| line.contains(token)), "{line}");
        assert!(!line.contains(&unlisted.id) && !line.contains(&unlisted.host), "{line}");
        assert!(!line.contains(KEY), "{line}");
    }
}
