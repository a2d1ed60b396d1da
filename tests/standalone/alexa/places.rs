//! What the skill says about an event with few places.

use countmein::domain::capacity::Capacity;
use countmein::domain::event::EventId;
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Events as _, Write};
use serde_json::{Value, json};

use super::{Backend, request, speech};

/// A backend with an event that has one place.
async fn backend() -> Backend {
    let backend = Backend::open();
    let content =
        Content { capacity: Some(Capacity::try_from(1).unwrap()), ..Content::titled(Title::parse("Dance").unwrap()) };
    let details = EventDetails::new(EventId::parse("dance").unwrap(), content, Timestamp::EARLIEST);
    assert_eq!(backend.sqlite.create_event(&details, Timestamp::now()).await.unwrap(), Write::Stored);
    backend
}

/// The recorded sign-up for the event, with another name, at this second.
fn sign_up(name: &str, second: u32) -> Value {
    let mut request = request("en/03-name-given.json");
    request["session"]["attributes"] = json!({});
    request["request"]["timestamp"] = json!(format!("2026-11-24T18:00:{second:02}Z"));
    request["request"]["requestId"] = json!(format!("amzn1.echo-api.request.{name}"));
    request["request"]["intent"]["slots"]["Name"]["value"] = json!(name);
    request
}

#[tokio::test]
async fn skill_says_who_has_a_place_and_who_waits() {
    let backend = Backend { is_working: true, ..backend().await };
    let mut said = Vec::new();
    for (second, name) in ["melvin", "ana", "zoe"].into_iter().enumerate() {
        let answer = backend.answer(&sign_up(name, u32::try_from(second).unwrap() + 10)).await.unwrap();
        said.push(speech(&answer).to_owned());
    }
    let waits = |name, number| format!("Dance is full. {name} is number {number} on the waiting list.");
    assert_eq!(said, ["Melvin is in for Dance.".to_owned(), waits("Ana", 1), waits("Zoe", 2)]);
    let who = backend.answer(&request("en/04-who-is-coming.json")).await.unwrap();
    let expected = "Melvin is in for Dance. 2 more are on the waiting list. What else would you like?";
    assert_eq!(speech(&who), expected);
}

#[tokio::test]
async fn skill_says_that_a_place_is_not_decided_yet() {
    let backend = backend().await;
    let answer = backend.answer(&sign_up("melvin", 10)).await.unwrap();
    assert_eq!(speech(&answer), "Melvin is signed up for Dance. Ask me in a minute who is coming.");
    backend.take_in().await;
    let who = backend.answer(&request("en/04-who-is-coming.json")).await.unwrap();
    assert_eq!(speech(&who), "Melvin is in for Dance. What else would you like?");
}
