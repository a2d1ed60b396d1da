//! From a sign-up to the notifications of the other attendees, by the program itself, over a real mail server and to a
//! real webhook.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use url::Url;

use crate::support::http::Message;
use crate::support::mail_server::MailServer;
use crate::support::program::{Program, serve};
use crate::support::receiver::Receiver;

mod families;
mod limits;
mod outbox;
mod pages;
mod preferences;
mod restart;
mod seats;
mod strangers;

const PATIENCE: Duration = Duration::from_secs(60);

/// Short enough for tests, long enough to group concurrent changes into one announcement.
const FIRST_WAIT: &str = "2";

/// The manage link.
fn sign_up(program: &Program, name: &str, contact: &Value) -> String {
    sign_up_for(program, "Dance", name, contact)
}

/// The manage link of a sign-up for another event.
fn sign_up_for(program: &Program, event: &str, name: &str, contact: &Value) -> String {
    let mut response = ureq::post(format!("{}/events/{event}/signups", program.url))
        .send_json(json!({ "name": name, "contact": contact }))
        .unwrap();
    let answer: Value = response.body_mut().read_json().unwrap();
    answer["manage"].as_str().unwrap().to_owned()
}

fn get(url: &str) -> Value {
    ureq::get(url).header("Accept", "application/json").call().unwrap().body_mut().read_json().unwrap()
}

fn eventually<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what} does not come");
        thread::sleep(Duration::from_millis(20));
    }
}

fn header<'a>(mail: &'a Value, name: &str) -> &'a str {
    let headers = mail["headers"].as_array().unwrap();
    let found = headers.iter().find(|header| header[0] == name).unwrap_or_else(|| panic!("no {name} in {mail}"));
    found[1].as_str().unwrap()
}

/// Every address in a mail's text.
fn links(mail: &Value) -> Vec<String> {
    let body = mail["body"].as_str().unwrap();
    body.split_whitespace().filter(|word| word.starts_with("http")).map(str::to_owned).collect()
}

/// Opens every link as a mail scanner does, which must change nothing.
fn open_all(mail: &Value) {
    for link in links(mail) {
        for method in ["GET", "HEAD"] {
            let request = ureq::http::Request::builder().method(method).uri(&link).body(()).unwrap();
            assert!(ureq::run(request).unwrap().status().is_success(), "{link}");
        }
    }
}

/// The program, with a mail server.
fn mailing(data: &Path, mail: &MailServer, more: &[&str]) -> Program {
    let mut command = serve(data);
    command.args(["--backoff-initial", FIRST_WAIT, "--backoff-maximum", FIRST_WAIT]);
    command.args(["--mail-from", "Count Me In <signup@club.example>"]);
    command.arg("--smtp-url").arg(format!("smtp://127.0.0.1:{}?tls=none", mail.port));
    command.args(more);
    Program::start(command)
}

/// Signs somebody up with an email address, confirms it, and returns the manage link.
fn enrol(program: &Program, mail: &MailServer, name: &str, address: &str) -> String {
    let manage = sign_up(program, name, &json!({ "email": address }));
    let question = mail.next();
    assert_eq!(question["to"], json!([address]));
    ureq::post(links(&question).remove(0)).send_form([("action", "confirm")]).unwrap();
    manage
}

#[test]
fn confirmed_address_gets_mail_until_opt_out() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let program = mailing(data.path(), &mail, &[]);

    sign_up(&program, "Ana", &json!({ "email": "ana@mail.example" }));
    let question = mail.next();
    assert_eq!((&question["to"], &question["from"]), (&json!(["ana@mail.example"]), &json!("signup@club.example")));
    assert_eq!(question["defects"], json!([]));
    let confirm = links(&question).remove(0);
    open_all(&question);
    assert_eq!(get(&confirm)["opt_in"], "pending");
    // Nobody is notified before the opt-in: the next mail is about a later change.
    sign_up(&program, "Ben", &json!(null));
    ureq::post(&confirm).send_form([("action", "confirm")]).unwrap();
    assert_eq!(get(&confirm)["opt_in"], "confirmed");

    sign_up(&program, "Cleo", &json!(null));
    sign_up(&program, "Dora", &json!(null));
    let news = mail.next();
    assert_eq!(news["to"], json!(["ana@mail.example"]));
    assert_eq!(news["defects"], json!([]));
    let subject = header(&news, "Subject");
    assert!(subject.starts_with("Dance: ") && subject.contains("Cleo") && !subject.contains("Ana"), "{subject}");
    assert!(!header(&news, "Message-ID").is_empty() && !header(&news, "Date").is_empty());
    assert_eq!(header(&news, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    open_all(&news);
    let manage = links(&news).remove(0);
    assert_eq!((&get(&manage)["name"], &get(&manage)["state"]), (&json!("Ana"), &json!("in")));

    let unsubscribe = header(&news, "List-Unsubscribe").trim_matches(['<', '>']);
    ureq::post(unsubscribe)
        .content_type("application/x-www-form-urlencoded")
        .send("List-Unsubscribe=One-Click")
        .unwrap();
    let emil = sign_up(&program, "Emil", &json!(null));
    sign_up(&program, "Finn", &json!(null));
    // Emil's inbox has it, so Ana's mail would have gone out.
    eventually("news for Emil", || get(&emil)["messages"].as_array().unwrap().first().cloned());
    assert!(program.terminate().0);
    assert_eq!(mail.stop(), Vec::<Value>::new());
}

#[test]
fn confirmed_webhook_is_called() {
    let echo = |request: &Message| -> Message {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let answer =
            if body["type"] == "countmein.challenge" { json!({ "challenge": body["challenge"] }) } else { json!({}) };
        Message::answer(200, answer.to_string())
    };
    let receiver = Receiver::over_tls_with(echo);
    let data = tempfile::tempdir().unwrap();
    let roots = data.path().join("roots.pem");
    fs::write(&roots, receiver.roots()).unwrap();
    let mut command = serve(data.path());
    command.args(["--backoff-initial", FIRST_WAIT, "--webhooks", "any"]).env("SSL_CERT_FILE", &roots);
    let program = Program::start(command);

    let ana = sign_up(&program, "Ana", &json!({ "webhook": receiver.url("/ana").as_str() }));
    sign_up(&program, "Ben", &json!(null));

    let call = eventually("a call", || receiver.requests().into_iter().nth(1));
    assert_eq!(call.header("content-type"), Some("application/cloudevents+json"));
    assert!(call.header("webhook-signature").is_some_and(|signature| signature.starts_with("v1,")));
    let event: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!((&event["specversion"], &event["type"]), (&json!("1.0"), &json!("countmein.announcement")));
    assert_eq!(event["data"]["joined"], json!(["Ben"]));
    assert_eq!((&event["data"]["count"], &event["data"]["manage"]), (&json!(2), &json!(ana)));
}

#[test]
fn shutdown_during_webhook_repeats_nothing() {
    let mail = MailServer::start(&[]);
    let (release, hold) = mpsc::channel::<()>();
    let hold = Mutex::new(hold);
    let receiver = Receiver::over_tls_with(move |request: &Message| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        if body["type"] != "countmein.challenge" {
            // Until the test is over.
            let _ = hold.lock().unwrap().recv();
        }
        Message::answer(200, json!({ "challenge": body["challenge"] }).to_string())
    });
    let data = tempfile::tempdir().unwrap();
    let roots = data.path().join("roots.pem");
    fs::write(&roots, receiver.roots()).unwrap();
    let start = || {
        let mut command = serve(data.path());
        command.args(["--backoff-initial", FIRST_WAIT, "--backoff-maximum", FIRST_WAIT, "--webhooks", "any"]);
        command.args(["--mail-from", "signup@club.example", "--smtp-url"]);
        command.arg(format!("smtp://127.0.0.1:{}?tls=none", mail.port)).env("SSL_CERT_FILE", &roots);
        Program::start(command)
    };
    let program = start();
    enrol(&program, &mail, "Ana", "ana@mail.example");
    sign_up(&program, "Hans", &json!({ "webhook": receiver.url("/hans").as_str() }));
    assert!(mail.next()["body"].as_str().unwrap().contains("Hans"));

    sign_up(&program, "Ben", &json!(null));
    assert!(mail.next()["body"].as_str().unwrap().contains("Ben"));
    eventually("the call that hangs", || receiver.requests().into_iter().nth(1));
    assert!(program.terminate().0);
    let program = start();
    sign_up(&program, "Cleo", &json!(null));

    let next = mail.next();
    let body = next["body"].as_str().unwrap();
    assert!(body.contains("Cleo") && !body.contains("Ben"), "{body}");
    drop(release);
    assert!(program.terminate().0);
}

#[test]
fn command_shows_the_inbox() {
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path());
    command.args(["--backoff-initial", FIRST_WAIT, "--language", "de"]);
    let program = Program::start(command);
    let inbox = |link: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_countmein")).env_clear().args(["inbox", link]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let ana = sign_up(&program, "Ana", &json!(null));
    eventually("Ana", || (get(&ana)["state"] == "in").then_some(()));
    assert_eq!(inbox(&ana), "There are no notifications.\n");

    sign_up(&program, "Ben", &json!(null));

    eventually("news for Ana", || get(&ana)["messages"].as_array().unwrap().first().cloned());
    assert!(inbox(&ana).ends_with("Dance: Ben ist dabei; es sind 2 dabei.\n"), "{}", inbox(&ana));
    assert!(Url::parse(&ana).is_ok());
}
