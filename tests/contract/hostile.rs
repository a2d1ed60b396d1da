//! Messages that no proper publisher sends. Each is stored or rejected with the same reason on every backend.

use countmein::formats::button::message::ButtonMessage;
use countmein::ingest::Outcome;
use countmein::ports::RejectedMessage;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;
use tokio::runtime::Handle;

use crate::backend::Backend;
use crate::ingest::{ARRIVED, delivery, message_id, reject, run};
use crate::people::{at, unique, who_is_in};
use crate::support::seed;

/// The expected outcome of a message.
enum Fate {
    /// This name joins.
    Joins(&'static str),
    /// It is rejected, and the reason contains this.
    Rejected(&'static str),
}
use Fate::{Joins, Rejected};

const NOT_JSON: Fate = Rejected("the message is not JSON (");
const NOT_AN_OBJECT: Fate = Rejected(", not a JSON object; send one like");

fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}{}", open.repeat(depth), close.repeat(depth))
}

/// Whole messages, which name no event.
fn bodies_without_an_event() -> Vec<(String, Fate)> {
    vec![
        (String::new(), NOT_JSON),
        (" \r\n".into(), NOT_JSON),
        ("\0".into(), NOT_JSON),
        ("a\0b\u{1}\u{ffff}\u{fffe}".into(), NOT_JSON),
        ("{".into(), NOT_JSON),
        ("\u{feff}".into(), NOT_JSON),
        ("\u{feff}{}".into(), Rejected("`event` is missing")),
        ("{\"event\": \"Dance\", \"name\": \"a\0b\"}".into(), NOT_JSON),
        ("1e999".into(), NOT_JSON),
        ("NaN".into(), NOT_JSON),
        ("null".into(), NOT_AN_OBJECT),
        ("\"\\u0000\"".into(), NOT_AN_OBJECT),
        ("-0".into(), NOT_AN_OBJECT),
        ("[]".into(), NOT_AN_OBJECT),
        (nested("[", "]", 1_000), NOT_JSON),
        (nested("{\"a\":", "}", 1_000), NOT_JSON),
        ("[".repeat(200_000), NOT_JSON),
        ("é".repeat(600_000), NOT_JSON),
        ("{}".into(), Rejected("`event` is missing; add it")),
        ("{\"\": {\"\": \"\"}}".into(), Rejected("`event` is missing; add it")),
        (
            json!({"topic": "t".repeat(60_000), "payload": "e30=", "received_at": 1_795_431_600_000_i64}).to_string(),
            Rejected("t` is not from a supported button"),
        ),
        (
            json!({"topic": "\0", "payload": "AAAA", "received_at": 1_795_431_600_000_i64}).to_string(),
            Rejected("is neither JSON nor a text that a supported button sends"),
        ),
        (json!({"topic": "t", "payload": "%", "received_at": 0}).to_string(), Rejected("`payload` must be base64")),
        (json!({"topic": [], "payload": {}, "received_at": "\0"}).to_string(), Rejected("`payload` must be text")),
    ]
}

/// The rest of a message, after its event.
fn rests_of_bodies() -> Vec<(String, Fate)> {
    let with_name = |name: &str| json!({ "name": name }).to_string()[1..].to_owned();
    let with_more = |name: &str, more: &str| format!("\"name\": \"{name}\", {more}}}");
    let marked = |marks| with_name(&format!("Max{}", "\u{330}".repeat(marks)));
    vec![
        // Text.
        ("\"name\": \"\\ud800\"}".into(), NOT_JSON),
        ("\"name\": \"\\udc00\\ud800\"}".into(), NOT_JSON),
        ("\"\\ud800\": 1, \"name\": \"Ana\"}".into(), NOT_JSON),
        ("\"name\": \"\\ud83d\\udc4b\"}".into(), Joins("👋")),
        ("\"name\": \"\\u0000\"}".into(), Rejected("`name` contains U+0000, which cannot be shown")),
        ("\"name\": \"Ana\\uffff\"}".into(), Rejected("`name` contains U+FFFF, which cannot be shown")),
        (with_name("a\u{202e}b"), Rejected("`name` contains U+202E, which cannot be shown")),
        (with_name("\u{200d}"), Rejected("`name` is empty")),
        (with_name("\u{200d}#details"), Rejected("`name` begins with `#`")),
        (with_name("\r\n Eve \u{2028} Ann "), Joins("Eve Ann")),
        (marked(4), Joins("Max\u{330}\u{330}\u{330}\u{330}")),
        (marked(5), Rejected("`name` has a character with more than 4 accents")),
        (marked(600), Rejected("`name` has ")),
        (with_name(&"x".repeat(200_000)), Rejected("`name` has 200000 bytes; at most 1024 are allowed")),
        // Structure.
        (with_more("Fay", "\"name\": \"Gil\""), Joins("Gil")),
        (with_more("Hal", "\"name\": null"), Rejected("`name` is missing; add it")),
        (with_more("Ida", &format!("\"a\": {}", nested("[", "]", 100))), Joins("Ida")),
        (with_more("Jon", &format!("\"a\": {}", nested("[", "]", 1_000))), NOT_JSON),
        (with_more("Kim", &format!("\"a\": \"{}\"", "x".repeat(1_000_000))), Joins("Kim")),
        // Numbers.
        (with_more("Lea", "\"a\": 1e999"), NOT_JSON),
        (with_more("Mia", "\"a\": [1e308, -1e-400, 99999999999999999999999]"), Joins("Mia")),
        (with_more("Ned", "\"requested_at\": 99999999999999999999999"), Rejected("`requested_at` is not a time")),
        (with_more("Oda", "\"requested_at\": -9223372036854775808"), Rejected("`requested_at` is outside the range")),
        (with_more("Pia", "\"requested_at\": \"+999999-12-31T23:59:60Z\""), Rejected("`requested_at` is ")),
        // Ids and contacts.
        (with_more("Rob", "\"id\": \"\\u0000\""), Rejected("`id` must be 1 to 128 printable ASCII characters")),
        (with_more("Sam", "\"id\": \"#'; DROP TABLE attendee; --\""), Rejected("`id` must be 1 to 128 printable")),
        (with_more("Tom", "\"contact\": {\"email\": \"a@b\\u0000.org\"}"), Rejected("`contact.email` ")),
        (with_more("Ute", "\"contact\": {\"webhook\": \"https://\\u0000\"}"), Rejected("`contact.webhook` ")),
    ]
}

/// Asserts that a message that was rejected is kept whole, with its reason.
async fn check_reject(backend: &Backend, id: &str, body: &str, reason: &str) {
    assert!(!reason.is_empty());
    let expected = RejectedMessage::new(&delivery(id, body), reason.to_owned(), at(ARRIVED));
    let expected = match expected.button_message() {
        Some(ButtonMessage { topic, .. }) => expected.of_device(&topic),
        None => expected,
    };
    let stored = reject(backend, &expected.id).await.expect("it is stored");
    // Another run may have rejected a message of the same device.
    assert_eq!(stored, RejectedMessage { count: stored.count, ..expected });
}

pub async fn hostile_message_is_stored_or_rejected(backend: &Backend) {
    let event = unique("Dance");
    let rests = rests_of_bodies().into_iter().map(|(rest, fate)| (format!("{{\"event\": \"{event}\", {rest}"), fate));
    let mut joined = Vec::new();
    for (body, fate) in bodies_without_an_event().into_iter().chain(rests) {
        let id = message_id();
        let start = &body[..body.floor_char_boundary(120)];

        let outcomes = run(backend, &[delivery(&id, &body)]).await;

        match (fate, &outcomes[..]) {
            (Joins(name), [Outcome::Stored]) => joined.push(name),
            (Rejected(expected), [Outcome::Rejected(reason)]) => {
                assert!(reason.contains(expected), "{start}: {reason}");
                check_reject(backend, &id, &body, reason).await;
            }
            (Joins(_) | Rejected(_), outcomes) => panic!("{start}: {outcomes:?}"),
        }
    }
    joined.sort_unstable();
    let mut found = who_is_in(backend, &event).await;
    found.sort_unstable();
    assert_eq!(found, joined);
}

fn some_message() -> impl Strategy<Value = String> {
    let text = || prop_oneof![any::<String>(), "[ -~]{0,12}", "\\PC{0,90}"];
    let fields = (text(), text(), proptest::option::of(text()), proptest::option::of(any::<i64>()));
    prop_oneof![
        text(),
        fields.prop_map(|(event, name, id, requested_at)| {
            json!({"event": event, "name": name, "id": id, "requested_at": requested_at}).to_string()
        }),
        (text(), text()).prop_map(|(event, name)| json!({"event": format!("a{event}"), "name": name}).to_string()),
        (text(), prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(topic, payload)| {
            let payload = String::from_utf8_lossy(&payload).into_owned();
            json!({"topic": topic, "payload": payload, "received_at": 1_795_431_600_000_i64}).to_string()
        }),
    ]
}

async fn check_random_message(backend: &Backend, body: &str) {
    let id = message_id();
    match &run(backend, &[delivery(&id, body)]).await[..] {
        // A name may have joined with a later time before. A button's message may be no press.
        [Outcome::Stored | Outcome::Duplicate | Outcome::Stale | Outcome::Ignored] => {}
        [Outcome::Rejected(reason)] => check_reject(backend, &id, body, reason).await,
        outcomes => panic!("{body:?}: {outcomes:?}"),
    }
}

pub async fn random_message_is_stored_or_rejected(backend: &Backend) {
    let backend = backend.clone();
    let runtime = Handle::current();
    // On a thread of its own, since the runner of proptest calls back and waits.
    let messages = tokio::task::spawn_blocking(move || {
        TestRunner::new(seed::config(backend.histories)).run(&some_message(), |body| {
            runtime.block_on(check_random_message(&backend, &body));
            Ok(())
        })
    });
    if let Err(failure) = messages.await.expect("the messages go on") {
        panic!("{failure}");
    }
}
