//! Text messages of the program itself, over SNS with the machine's credentials.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::ministack::texts::texts;
use crate::support::ministack::{Account, REGION, SECRET_KEY};
use crate::support::program::{Program, serve};

const PATIENCE: Duration = Duration::from_secs(60);

const ANAS_PHONE: &str = "+14155552671";
const BENS_PHONE: &str = "+447911123456";

fn sign_up(program: &Program, name: &str, phone: Option<&str>) {
    let contact = phone.map(|phone| json!({ "sms": phone }));
    let body = json!({ "name": name, "contact": contact });
    ureq::post(format!("{}/events/Dance/signups", program.url)).send_json(body).unwrap();
}

/// Waits until there are that many.
fn texts_to(account: &Account, phone: &str, count: usize) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let texts = texts(account, phone);
        if texts.len() >= count {
            return texts;
        }
        assert!(Instant::now() < deadline, "{texts:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn only_listed_calling_codes_get_texts() {
    let account = Account::new();
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path());
    command.args(["--sms-calling-codes", "+49,+1", "--sms-hours", "0-24 UTC", "--backoff-initial", "0"]);
    command.envs([
        ("AWS_ENDPOINT_URL", account.endpoint.as_str()),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", &account.id),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ]);
    let program = Program::start(command);
    sign_up(&program, "Ben", Some(BENS_PHONE));
    sign_up(&program, "Ana", Some(ANAS_PHONE));
    let question = texts_to(&account, ANAS_PHONE, 1).remove(0);
    let link = question.split_whitespace().find(|word| word.starts_with("http")).unwrap();
    ureq::post(link).send_form([("action", "confirm")]).unwrap();

    sign_up(&program, "Cleo", None);

    let news = texts_to(&account, ANAS_PHONE, 2).remove(1);
    assert!(news.contains("Cleo joined; 3 are in."), "{news}");
    assert!(texts(&account, BENS_PHONE).is_empty());
    let metrics = ureq::get(format!("{}/metrics", program.url)).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(metrics.contains("countmein_messages_suppressed_total{limit=\"calling_codes\"} "), "{metrics}");
}

#[test]
fn texts_need_hours_and_calling_codes() {
    for (arguments, message) in [
        (&["--sms-calling-codes", "+1"][..], "--sms-hours"),
        (&["--sms-calling-codes", "0049", "--sms-hours", "8-21 UTC"], "+49"),
        (&["--sms-calling-codes", "+49", "--sms-hours", "day"], "8-21 Europe/Berlin"),
    ] {
        let output = serve(tempfile::tempdir().unwrap().path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(message), "{output:?}");
    }
}
