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

use super::{Backend, SKILL_ID, request, speech};
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
    let nobodys = b"{\"request\": {\"type\": \"SECRET\"}}";
    assert_eq!(backend.answer_at(nobodys, at).await, Err(InvalidRequest::OtherSkill));
    for bytes in [&b""[..], b"{}", b"[]", b"null", b"\xff", b"{\"request\": SECRET}"] {
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

/// Whatever optional part of a request is missing or null, the answer is valid.
#[tokio::test]
async fn request_without_an_optional_part_gets_an_answer() {
    let can_fulfil = json!({
        "version": "1.0",
        "context": { "System": { "application": { "applicationId": SKILL_ID } } },
        "request": {
            "type": "CanFulfillIntentRequest", "requestId": "r", "timestamp": "2026-11-24T18:00:05Z",
            "intent": { "name": "SignUpIntent", "slots": { "Event": { "name": "Event", "value": "dance" } } },
        },
    });
    let answer = Backend::open().answer(&can_fulfil).await.unwrap();
    assert_eq!(answer["response"]["canFulfillIntent"]["canFulfill"], "YES", "{answer}");

    let needed = ["/request", "/request/timestamp"];
    let mut tried = 0;
    let requests = ["en/01-launch.json", "en/03-name-given.json", "en/10-take-out-the-usual-name.json"];
    for whole in requests.map(request).into_iter().chain([can_fulfil]) {
        for path in paths(&whole, "").into_iter().filter(|path| !needed.contains(&path.as_str())) {
            for without in [Value::Null, json!({}), json!([]), json!("x"), json!(7)] {
                let mut request = whole.clone();
                *request.pointer_mut(&path).unwrap() = without.clone();
                let answer = Backend::open().answer(&request).await;
                // The skill's id is in the context or, without one, in the session.
                let is_for_us = path.contains("application") || path == "/context" || path == "/context/System";
                assert!(answer.is_ok() || is_for_us, "{path} = {without}: {answer:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

/// The JSON pointers of all parts of a value.
fn paths(value: &Value, at: &str) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let below = children.into_iter().flat_map(|(name, child)| {
        let path = format!("{at}/{name}");
        [vec![path.clone()], paths(child, &path)].concat()
    });
    below.collect()
}

/// A session ends with a way out instead of asking the same for ever.
#[tokio::test]
async fn conversation_that_goes_nowhere_ends_after_two_tries() {
    let way_out = "Sorry, I still did not get it, so I stop here.";
    for (slot, value) in [("Name", json!("#")), ("Event", json!("?!")), ("Event", Value::Null)] {
        let backend = Backend::open();
        let mut sign_up = request("en/03-name-given.json");
        sign_up["request"]["intent"]["slots"][slot] =
            json!({ "name": slot, "value": value, "confirmationStatus": "NONE" });
        let mut questions = 0;
        let last = loop {
            let answer = backend.answer(&sign_up).await.unwrap();
            if answer["response"]["shouldEndSession"] == true {
                break answer;
            }
            questions += 1;
            assert!(questions <= 2, "{answer}");
            sign_up["session"]["attributes"] = answer["sessionAttributes"].clone();
        };
        assert_eq!(questions, 2);
        assert!(speech(&last).starts_with(way_out), "{last}");
    }
    let backend = Backend::open();
    let mut fallback = request("en/03-name-given.json");
    fallback["request"]["intent"] = json!({ "name": "AMAZON.FallbackIntent", "confirmationStatus": "NONE" });
    for expected in ["Sorry, I did not understand that.", "Sorry, I did not understand that.", way_out] {
        let answer = backend.answer(&fallback).await.unwrap();
        assert!(speech(&answer).starts_with(expected), "{answer}");
        fallback["session"]["attributes"] = answer["sessionAttributes"].clone();
    }
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
