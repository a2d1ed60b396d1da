//! What a stranger can make the program send to an address whose owner has confirmed another sign-up.

use countmein::adapters::sqlite::Sqlite;
use countmein::ports::Queue as _;
use serde_json::{Value, json};

use super::{enrol, eventually, get, header, links, mailing, sign_up_for};
use crate::support::mail_server::MailServer;
use crate::support::program::Program;

const ANA: &str = "ana@mail.example";

fn confirm(link: &str) {
    ureq::post(link).send_form([("action", "confirm")]).unwrap();
}

/// Waits until all attendees were notified of a name.
fn everybody_knows(witness: &str, name: &str) {
    eventually(name, || {
        let messages = get(witness)["messages"].as_array().unwrap().clone();
        messages.iter().any(|message| message["text"].as_str().unwrap().contains(name)).then_some(())
    });
}

fn subjects(letters: &[Value]) -> Vec<&str> {
    letters.iter().map(|letter| header(letter, "Subject")).collect()
}

#[test]
fn signup_by_a_stranger_needs_its_own_yes() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let program = mailing(data.path(), &mail, &[]);
    enrol(&program, &mail, "Ana", ANA);
    let with_address = json!({ "email": ANA });

    let pizza = sign_up_for(&program, "Pizza", "Ana", &with_address);

    let question = mail.next();
    assert_eq!(
        (&question["to"], header(&question, "Subject")),
        (&json!([ANA]), "Pizza: do you want to hear who joins?")
    );
    let link = links(&question).remove(0);
    assert_eq!(get(&link)["opt_in"], "pending");
    let witness = sign_up_for(&program, "Pizza", "Ben", &json!(null));
    eventually("Ben", || (get(&witness)["state"] == "in").then_some(()));
    sign_up_for(&program, "Pizza", "Cleo", &json!(null));
    everybody_knows(&witness, "Cleo");

    confirm(&link);
    assert_eq!((&get(&link)["opt_in"], &get(&pizza)["agreement"]), (&json!("confirmed"), &json!("given")));
    sign_up_for(&program, "Pizza", "Dora", &json!(null));

    let news = mail.next();
    let subject = header(&news, "Subject");
    assert!(subject.starts_with("Pizza: "), "{subject}");
    for name in ["Ben", "Cleo", "Dora"] {
        assert!(subject.contains(name), "it tells what she has missed since she signed up: {subject}");
    }
    assert!(program.terminate().0);
    assert_eq!(subjects(&mail.stop()), Vec::<&str>::new());
}

#[test]
fn yes_for_all_includes_signups_by_strangers() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let program = mailing(data.path(), &mail, &[]);
    sign_up_for(&program, "Dance", "Ana", &json!({ "email": ANA }));
    let link = links(&mail.next()).remove(0);
    ureq::post(&link).send_form([("action", "confirm_all")]).unwrap();
    let pizza = sign_up_for(&program, "Pizza", "Ana", &json!({ "email": ANA }));
    eventually("Ana", || (get(&pizza)["state"] == "in").then_some(()));
    sign_up_for(&program, "Pizza", "Cleo", &json!(null));
    assert!(header(&mail.next(), "Subject").contains("Cleo"));
    assert!(program.terminate().0);
    assert_eq!(subjects(&mail.stop()), Vec::<&str>::new());
}

/// Puts a message on the queue while the server does not run, and starts it again.
fn published(program: Program, data: &std::path::Path, mail: &MailServer, message: &Value) -> Program {
    assert!(program.terminate().0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { Sqlite::open(data).unwrap().send(vec![message.to_string()]).await }).unwrap();
    mailing(data, mail, &[])
}

#[test]
fn trusted_signup_of_a_confirmed_address_is_notified_at_once() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let program = mailing(data.path(), &mail, &[]);
    enrol(&program, &mail, "Ana", ANA);
    let message = json!({ "event": "Pizza", "name": "Ana", "contact": { "email": ANA } });
    let program = published(program, data.path(), &mail, &message);
    let roster = format!("{}/events/pizza/attendees", program.url);
    eventually("Ana", || (get(&roster)["count"] == 1).then_some(()));

    sign_up_for(&program, "Pizza", "Cleo", &json!(null));

    let news = mail.next();
    assert_eq!(news["to"], json!([ANA]));
    assert!(header(&news, "Subject").contains("Cleo"), "{news}");
    assert!(program.terminate().0);
    assert_eq!(subjects(&mail.stop()), Vec::<&str>::new());
}
