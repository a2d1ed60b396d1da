//! What a household may do over an Echo, and which requests are refused.

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

use super::{Backend, request, speech};
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
    let backend = Backend::open();
    backend.answer(&request("en/03-name-given.json")).await.unwrap();
    let mut neighbours = take_out("melvin");
    neighbours["context"]["System"]["user"]["userId"] = "amzn1.ask.account.NEXTDOOR".into();
    let refused = backend.answer(&neighbours).await.unwrap();
    assert_eq!(speech(&refused), "Melvin was signed up for Dance elsewhere, so I cannot take Melvin out.");
    assert!(backend.is_in("dance", "Melvin").await);

    let web = Signup {
        version: Version { requested_at: Timestamp::parse_rfc3339("2026-11-24T17:00:00Z").unwrap(), ..Version::now() },
        event: Event::parse("Dance").unwrap(),
        name: AttendeeName::parse("Ben").unwrap(),
        channel: Channel::Http,
        network: None,
        request: Request::sign_up(None),
    };
    backend.sqlite.send(vec![message::write(&web)]).await.unwrap();
    backend.answer(&request("en/04-who-is-coming.json")).await.unwrap();
    assert_eq!(
        speech(&backend.answer(&take_out("ben")).await.unwrap()),
        "Ben was signed up for Dance elsewhere, so I cannot take Ben out."
    );
    assert_eq!(speech(&backend.answer(&take_out("zoe")).await.unwrap()), "Zoe is not on the list for Dance.");
    assert_eq!(speech(&backend.answer(&take_out("MELVIN")).await.unwrap()), "MELVIN is out of Dance.");
    assert!(!backend.is_in("dance", "Melvin").await && backend.is_in("dance", "Ben").await);
}

#[tokio::test]
async fn repeated_request_is_one_signup() {
    let backend = Backend::open();
    let sign_up = request("en/03-name-given.json");
    backend.answer(&sign_up).await.unwrap();
    backend.answer(&take_out("melvin")).await.unwrap();
    backend.answer(&sign_up).await.unwrap();
    assert!(!backend.is_in("dance", "Melvin").await);
}

#[tokio::test]
async fn foreign_or_old_request_is_refused() {
    let backend = Backend::open();
    let sign_up = request("en/03-name-given.json");
    let at = Timestamp::parse_rfc3339(sign_up["request"]["timestamp"].as_str().unwrap()).unwrap();
    let body = sign_up.to_string();
    let late = |seconds| at.plus(Duration::from_secs(seconds));
    assert_eq!(backend.answer_at(body.as_bytes(), late(151)).await, Err(InvalidRequest::WrongTimestamp));
    assert_eq!(
        backend.answer_at(body.as_bytes(), at.minus(Duration::from_secs(151))).await,
        Err(InvalidRequest::WrongTimestamp)
    );
    let mut other = sign_up.clone();
    other["context"]["System"]["application"]["applicationId"] = "amzn1.ask.skill.other".into();
    assert_eq!(backend.answer(&other).await, Err(InvalidRequest::OtherSkill));
    for bytes in [&b""[..], b"{}", b"[]", b"null", b"\xff", b"{\"request\": {\"type\": \"SECRET\"}}"] {
        let refused = backend.answer_at(bytes, at).await.unwrap_err();
        assert!(
            matches!(&refused, InvalidRequest::Malformed(_)) && !refused.to_string().contains("SECRET"),
            "{refused}"
        );
    }
    assert!(backend.who_is_in("dance").await.is_empty());
    assert!(backend.answer_at(body.as_bytes(), late(150)).await.is_ok());
    assert_eq!(backend.who_is_in("dance").await, ["Melvin"]);
}

#[tokio::test]
async fn misheard_slot_is_asked_again() {
    let backend = Backend::open();
    for (slot, value, question) in [
        ("Name", "#".to_owned(), "Sorry, I did not get the name. What is it?"),
        ("Name", "x".repeat(81), "Sorry, I did not get the name. What is it?"),
        ("Event", "?!".to_owned(), "Sorry, I did not get the event. Which one is it?"),
        ("Event", " ".to_owned(), "For which event?"),
    ] {
        let mut sign_up = request("en/03-name-given.json");
        sign_up["request"]["intent"]["slots"][slot] =
            json!({ "name": slot, "value": value, "confirmationStatus": "NONE" });
        assert_eq!(speech(&backend.answer(&sign_up).await.unwrap()), question, "{value}");
    }
    assert!(backend.who_is_in("dance").await.is_empty());
}

/// The number of random bytes that the skill is sent.
const FUZZ_BYTES: usize = 10_000_000;

#[tokio::test]
async fn skill_survives_ten_million_bytes() {
    let backend = Backend::open();
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
        let _ = backend.answer_at(&bytes, at).await;
    }
}
