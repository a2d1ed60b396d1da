//! Who may do what by an Echo, and what is not answered at all.

use std::time::Duration;

use countmein::alexa::InvalidRequest;
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::channel::Channel;
use countmein::domain::event::Event;
use countmein::domain::signup::{Request, Signup, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::formats::message;
use countmein::ports::Queue as _;
use serde_json::{Value, json};

use super::{Home, request, speech};
use crate::support::seed;

fn take_out(name: &str) -> Value {
    let mut take_out = request("en/11-the-usual-name.json");
    let slots = &mut take_out["request"]["intent"]["slots"];
    slots["Event"] = request("en/04-who-is-coming.json")["request"]["intent"]["slots"]["Event"].clone();
    slots["Name"] = json!({ "name": "Name", "value": name, "confirmationStatus": "NONE" });
    take_out["session"]["attributes"] = json!({});
    take_out
}

#[tokio::test]
async fn echo_cancels_only_its_household() {
    let home = Home::open();
    home.answer(&request("en/03-name-given.json")).await.unwrap();
    let mut neighbours = take_out("melvin");
    neighbours["context"]["System"]["user"]["userId"] = "amzn1.ask.account.NEXTDOOR".into();
    let refused = home.answer(&neighbours).await.unwrap();
    assert_eq!(speech(&refused), "Melvin was signed up for Dance elsewhere, so I cannot take Melvin out.");
    assert!(home.is_in("dance", "Melvin").await);

    let web = Signup {
        version: Version { requested_at: Timestamp::parse_rfc3339("2026-11-24T17:00:00Z").unwrap(), ..Version::now() },
        event: Event::parse("Dance").unwrap(),
        name: AttendeeName::parse("Ben").unwrap(),
        channel: Channel::Http,
        request: Request::Join { contact: None },
    };
    home.sqlite.send(vec![message::write(&web)]).await.unwrap();
    home.answer(&request("en/04-who-is-coming.json")).await.unwrap();
    assert_eq!(
        speech(&home.answer(&take_out("ben")).await.unwrap()),
        "Ben was signed up for Dance elsewhere, so I cannot take Ben out."
    );
    assert_eq!(speech(&home.answer(&take_out("zoe")).await.unwrap()), "Zoe is not on the list for Dance.");
    assert_eq!(speech(&home.answer(&take_out("MELVIN")).await.unwrap()), "MELVIN is out of Dance.");
    assert!(!home.is_in("dance", "Melvin").await && home.is_in("dance", "Ben").await);
}

#[tokio::test]
async fn repeated_request_is_one_signup() {
    let home = Home::open();
    let sign_up = request("en/03-name-given.json");
    home.answer(&sign_up).await.unwrap();
    home.answer(&take_out("melvin")).await.unwrap();
    home.answer(&sign_up).await.unwrap();
    assert!(!home.is_in("dance", "Melvin").await);
}

#[tokio::test]
async fn foreign_or_old_request_is_refused() {
    let home = Home::open();
    let sign_up = request("en/03-name-given.json");
    let at = Timestamp::parse_rfc3339(sign_up["request"]["timestamp"].as_str().unwrap()).unwrap();
    let body = sign_up.to_string();
    let late = |seconds| at.plus(Duration::from_secs(seconds));
    assert_eq!(home.answer_at(body.as_bytes(), late(151)).await, Err(InvalidRequest::WrongTimestamp));
    assert_eq!(
        home.answer_at(body.as_bytes(), at.minus(Duration::from_secs(151))).await,
        Err(InvalidRequest::WrongTimestamp)
    );
    let mut other = sign_up.clone();
    other["context"]["System"]["application"]["applicationId"] = "amzn1.ask.skill.other".into();
    assert_eq!(home.answer(&other).await, Err(InvalidRequest::OtherSkill));
    for bytes in [&b""[..], b"{}", b"[]", b"null", b"\xff", b"{\"request\": {\"type\": \"SECRET\"}}"] {
        let refused = home.answer_at(bytes, at).await.unwrap_err();
        assert!(
            matches!(&refused, InvalidRequest::Malformed(_)) && !refused.to_string().contains("SECRET"),
            "{refused}"
        );
    }
    assert!(home.who_is_in("dance").await.is_empty());
    assert!(home.answer_at(body.as_bytes(), late(150)).await.is_ok());
    assert_eq!(home.who_is_in("dance").await, ["Melvin"]);
}

#[tokio::test]
async fn misheard_slot_is_asked_again() {
    let home = Home::open();
    for (slot, value, question) in [
        ("Name", "#".to_owned(), "Sorry, I did not get the name. What is it?"),
        ("Name", "x".repeat(81), "Sorry, I did not get the name. What is it?"),
        ("Event", "?!".to_owned(), "Sorry, I did not get the event. Which one is it?"),
        ("Event", " ".to_owned(), "For which event?"),
    ] {
        let mut sign_up = request("en/03-name-given.json");
        sign_up["request"]["intent"]["slots"][slot] =
            json!({ "name": slot, "value": value, "confirmationStatus": "NONE" });
        assert_eq!(speech(&home.answer(&sign_up).await.unwrap()), question, "{value}");
    }
    assert!(home.who_is_in("dance").await.is_empty());
}

/// What is sent to the skill that Alexa never sent.
const FUZZ_BYTES: usize = 10_000_000;

#[tokio::test]
async fn skill_survives_ten_million_bytes() {
    let home = Home::open();
    let golden = ["en/01-launch.json", "en/02-sign-up-without-a-name.json", "en/10-take-out-the-usual-name.json"];
    let golden = golden.map(|path| request(path).to_string());
    let at = Timestamp::parse_rfc3339("2026-11-24T18:00:05Z").unwrap();
    let mut random = seed::rng();
    let mut sent = 0;
    while sent < FUZZ_BYTES {
        let mut bytes = golden[random.usize(..golden.len())].clone().into_bytes();
        for _ in 0..random.usize(0..3) {
            let at = random.usize(0..bytes.len());
            match random.u8(0..4) {
                0 => bytes[at] = random.u8(..),
                1 => bytes.truncate(at.max(1)),
                2 => drop(bytes.drain(at..(at + random.usize(0..40)).min(bytes.len()))),
                _ => {
                    let token = ["null", "{}", "[]", "-1", "\"\"", ",", "\u{202e}", "\"value\":\"x\","];
                    let token = random.choice(token).unwrap();
                    bytes.splice(at..at, token.bytes());
                }
            }
        }
        sent += bytes.len();
        let _ = home.answer_at(&bytes, at).await;
    }
}
