//! What the owner of a registration may change: notifications on or off, and getting the link again.

use std::path::Path;

use serde_json::{Value, json};

use super::{enrol, eventually, get, header, links, mailing, sign_up};
use crate::support::mail_server::MailServer;
use crate::support::program::Program;

fn post(url: &str, body: &Value) -> Value {
    ureq::post(url).send_json(body).unwrap().body_mut().read_json().unwrap()
}

fn ask_for_the_link(program: &Program, name: &str) -> Value {
    post(&format!("{}/events/dance/link", program.url), &json!({ "name": name }))
}

#[test]
fn muted_registration_is_notified_once_unmuted() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let program = mailing(data.path(), &mail, &[]);
    let ana = enrol(&program, &mail, "Ana", "ana@mail.example");
    assert_eq!(post(&ana, &json!({ "notify": false }))["notify"], false);
    let ben = enrol(&program, &mail, "Ben", "ben@mail.example");

    let cleo = sign_up(&program, "Cleo", &json!(null));

    assert_eq!(mail.next()["to"], json!(["ben@mail.example"]));
    // The message is in the inbox nonetheless.
    eventually("news for Ana", || get(&ana)["messages"].as_array().unwrap().first().cloned());
    assert_eq!(post(&ana, &json!({ "notify": true }))["notify"], true);
    assert_eq!(post(&ben, &json!({ "action": "quiet" }))["notify"], false);

    post(&cleo, &json!({ "action": "cancel" }));

    assert_eq!(mail.next()["to"], json!(["ana@mail.example"]));
    assert!(program.terminate().0);
    assert_eq!(mail.stop(), Vec::<Value>::new());
}

fn stopped_without_further_mail(program: Program, mail: MailServer, data: &Path) {
    // Once another recipient's mail has arrived, a requested link has arrived too or never will.
    sign_up(&program, "Zoe", &json!(null));
    assert!(header(&mail.next(), "Subject").contains("Zoe"), "{}", data.display());
    assert!(program.terminate().0);
    assert_eq!(mail.stop(), Vec::<Value>::new());
}

#[test]
fn lost_link_is_sent_once_an_hour() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let program = mailing(data.path(), &mail, &[]);
    let ana = enrol(&program, &mail, "Ana", "ana@mail.example");

    let answer = ask_for_the_link(&program, "ANA");

    let letter = mail.next();
    assert_eq!((&letter["to"], &letter["defects"]), (&json!(["ana@mail.example"]), &json!([])));
    assert_eq!(header(&letter, "Subject"), "Dance: your link again");
    assert_eq!(links(&letter), [ana]);
    assert!(answer["message"].as_str().unwrap().contains("once an hour"), "{answer}");
    assert_eq!(ask_for_the_link(&program, "Ana"), answer);
    stopped_without_further_mail(program, mail, data.path());
}

#[test]
fn link_request_reveals_nothing() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let program = mailing(data.path(), &mail, &[]);
    enrol(&program, &mail, "Ana", "ana@mail.example");
    sign_up(&program, "Ben", &json!(null));
    assert!(header(&mail.next(), "Subject").contains("Ben"));
    sign_up(&program, "Cleo", &json!({ "email": "cleo@mail.example" }));
    let (one, other) = (mail.next(), mail.next());
    // The opt-in request, and Ana's notification about Cleo.
    assert!([&one["to"], &other["to"]].contains(&&json!(["cleo@mail.example"])));

    let answers = ["Nobody", "Ben", "Cleo"].map(|name| ask_for_the_link(&program, name));

    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    stopped_without_further_mail(program, mail, data.path());
}
