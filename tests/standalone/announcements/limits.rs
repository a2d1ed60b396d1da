//! How little strangers can do to others with public sign-ups.

use std::collections::BTreeSet;

use countmein::domain::timestamp::Timestamp;
use serde_json::{Value, json};

use super::{enrol, eventually, get, header, mailing, sign_up};
use crate::support::mail_server::MailServer;

/// More than the hourly limit of opt-in requests.
const STRANGERS: usize = 60;

/// The limit is per hour. Waits until this hour has enough time left for the test.
fn wait_for_a_long_hour() {
    let seconds_of_hour = || Timestamp::now().as_seconds() % 3_600;
    while seconds_of_hour() > 3_600 - 60 {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
}

#[test]
fn flood_of_addresses_stops_at_budget() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    wait_for_a_long_hour();
    let program = mailing(data.path(), &mail, &["--opt-ins-per-hour", "5"]);
    let ana = enrol(&program, &mail, "Ana", "ana@mail.example");

    for number in 0..STRANGERS {
        // Every address comes twice.
        let contact = json!({ "email": format!("stranger-{}@mail.example", number / 2) });
        sign_up(&program, &format!("Stranger {number}"), &contact);
    }
    let roster = format!("{}/events/dance/attendees", program.url);
    eventually("everybody", || (get(&roster)["count"] == STRANGERS + 1).then_some(()));
    eventually("the last news for Ana", || {
        let messages = get(&ana)["messages"].as_array().unwrap().clone();
        messages.iter().any(|message| message["text"].as_str().unwrap().contains("61 are in")).then_some(())
    });

    // The email may come a little later.
    let mut letters = Vec::new();
    while !letters.last().is_some_and(|letter: &Value| letter["body"].as_str().unwrap().contains("61 are in")) {
        letters.push(mail.next());
    }

    let organiser = std::fs::read_to_string(data.path().join("organiser.key")).unwrap();
    let mut limits = ureq::get(format!("{}/organiser/limits", program.url))
        .header("Authorization", format!("Bearer {}", organiser.trim()))
        .call()
        .unwrap();
    let limits: Value = limits.body_mut().read_json().unwrap();
    assert_eq!(limits["opt_ins"], json!({ "spent": 5, "limit": 5 }));
    let metrics = ureq::get(format!("{}/metrics", program.url)).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(metrics.contains("countmein_messages_suppressed_total{limit=\"opt_ins\"} "), "{metrics}");
    assert!(program.terminate().0);

    let (to_ana, to_strangers): (Vec<Value>, Vec<Value>) =
        letters.into_iter().chain(mail.stop()).partition(|letter| letter["to"] == json!(["ana@mail.example"]));
    assert!(!to_ana.is_empty());
    // Ana's own opt-in request was one of the five.
    let asked: BTreeSet<&str> = to_strangers.iter().map(|letter| letter["to"][0].as_str().unwrap()).collect();
    assert_eq!((to_strangers.len(), asked.len()), (4, 4), "{asked:?}");
    assert!(
        to_strangers.iter().all(|letter| !header(letter, "Subject").contains("Stranger")),
        "news went to strangers"
    );
}
