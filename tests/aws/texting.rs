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
/// In the Bahamas, with the same calling code as US.
const ELAS_PHONE: &str = "+12423591234";
const US_PREMIUM: &str = "+19002345678";

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
fn only_mobile_phones_of_listed_countries_get_texts() {
    let account = Account::new();
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path());
    command.args(["--sms-countries", "DE,US", "--sms-hours", "0-24 UTC", "--backoff-initial", "0"]);
    command.envs([
        ("AWS_ENDPOINT_URL", account.endpoint.as_str()),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", &account.id),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ]);
    let program = Program::start(command);
    for (name, phone) in [("Ben", BENS_PHONE), ("Ela", ELAS_PHONE), ("Finn", US_PREMIUM), ("Ana", ANAS_PHONE)] {
        sign_up(&program, name, Some(phone));
    }
    let question = texts_to(&account, ANAS_PHONE, 1).remove(0);
    let link = question.split_whitespace().find(|word| word.starts_with("http")).unwrap();
    ureq::post(link).send_form([("action", "confirm")]).unwrap();

    sign_up(&program, "Cleo", None);

    let news = texts_to(&account, ANAS_PHONE, 2).remove(1);
    assert!(news.contains("Cleo joined; 5 are in."), "{news}");
    for phone in [BENS_PHONE, ELAS_PHONE, US_PREMIUM] {
        assert!(texts(&account, phone).is_empty(), "{phone}");
    }
    let metrics = ureq::get(format!("{}/metrics", program.url)).call().unwrap().body_mut().read_to_string().unwrap();
    for limit in ["sms_countries", "sms_line_type"] {
        let counted = format!("countmein_messages_suppressed_total{{limit=\"{limit}\"}} ");
        assert!(metrics.contains(&counted), "{metrics}");
    }
}

#[test]
fn texts_need_hours_and_countries() {
    for (arguments, message) in [
        (&["--sms-countries", "US"][..], "--sms-hours"),
        (&["--sms-countries", "US,+49", "--sms-hours", "8-21 UTC"], "such as DE"),
        (&["--sms-countries", "Germany", "--sms-hours", "8-21 UTC"], "such as DE,US"),
        (&["--sms-countries", "UK", "--sms-hours", "8-21 UTC"], "write GB"),
        (&["--sms-countries", "DE", "--sms-hours", "day"], "8-21 Europe/Berlin"),
    ] {
        let output = serve(tempfile::tempdir().unwrap().path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(message), "{output:?}");
    }
}
