//! Presses of buttons on their way onto the roster.

use countmein::domain::button::{Button, PressAction, PressActions};
use countmein::domain::channel::Channel;
use countmein::formats::button::message::ButtonMessage;
use countmein::ingest::Outcome;
use countmein::ports::Delivery;
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::buttons::{button, register};
use crate::people::{at, attendee, email, person, unique, who_is_in};

/// When everything arrives.
const ARRIVED: i64 = 10_000;

fn delivery(message_id: &str, body: &str) -> Delivery {
    Delivery { arrived_at: at(ARRIVED), ..crate::ingest::delivery(message_id, body) }
}

fn pressed(topic: &str, payload: &Value, second: i64) -> Delivery {
    let payload = payload.to_string().into_bytes();
    let envelope = ButtonMessage { topic: topic.to_owned(), payload, received_at: at(second) };
    delivery(&unique("message").replace(' ', "-"), &envelope.write())
}

/// A press of a Shelly, which numbers its presses.
fn shelly(serial: &str, event: &str, count: u32, second: i64) -> Delivery {
    pressed(&format!("shellies/{serial}/input_event/0"), &json!({ "event": event, "event_cnt": count }), second)
}

/// A press of a button that sends neither number nor time.
fn simple(serial: &str, action: &str, second: i64) -> Delivery {
    pressed(&format!("zigbee2mqtt/{serial}"), &json!({ "action": action }), second)
}

async fn ingest(backend: &Backend, deliveries: &[Delivery]) -> Vec<Outcome> {
    let processed = backend.ingest(deliveries, backend.roster.clone(), backend.rejected.clone(), at(ARRIVED)).await;
    processed.into_iter().map(|each| each.outcome).collect()
}

/// A serial number as a topic has it, and an event.
fn names() -> (String, String) {
    (unique("b").replace(' ', "-"), unique("Dance"))
}

pub async fn short_press_joins_long_press_leaves(backend: &Backend) {
    let (serial, dance) = names();
    let contact = Some(email("ana@example.org"));
    register(backend, &Button { contact: contact.clone(), ..button(&serial, &dance, "Ana") }).await;

    assert_eq!(ingest(backend, &[simple(&serial, "single", 5)]).await, [Outcome::Stored]);

    let ana = person(&dance, "Ana");
    let found = attendee(backend, &ana).await.expect("Ana is there");
    assert_eq!(found.newest.requested_at, at(5));
    let registration = found.registration().expect("Ana is in");
    assert_eq!((registration.channel, &registration.contact, registration.since), (Channel::Button, &contact, at(5)));
    let rest = [simple(&serial, "double", 6), simple(&serial, "", 7), simple(&serial, "hold", 8)];
    assert_eq!(ingest(backend, &rest).await, [Outcome::Ignored, Outcome::Ignored, Outcome::Stored]);
    assert!(who_is_in(backend, &dance).await.is_empty());
}

pub async fn press_follows_the_button_actions(backend: &Backend) {
    let (serial, dance) = names();
    let actions = PressActions {
        single: PressAction::Nothing,
        double: PressAction::SignUp,
        triple: PressAction::Cancel,
        long: PressAction::Nothing,
    };
    register(backend, &Button { actions, ..button(&serial, &dance, "Ana") }).await;
    for (event, outcome, is_in) in [
        ("S", Outcome::Ignored, false),
        ("SS", Outcome::Stored, true),
        ("L", Outcome::Ignored, true),
        ("SSS", Outcome::Stored, false),
    ] {
        let second = i64::try_from(event.len()).unwrap();
        assert_eq!(ingest(backend, &[shelly(&serial, event, 1, second)]).await, [outcome], "{event}");
        assert_eq!(who_is_in(backend, &dance).await.len(), usize::from(is_in), "{event}");
    }
}

pub async fn unknown_button_is_a_reject(backend: &Backend) {
    let (serial, dance) = names();
    let (unknown, message) = (simple(&serial, "single", 5), json!({ "event": dance, "name": "Ben" }));
    let known = delivery(&unique("message").replace(' ', "-"), &message.to_string());
    let Outcome::Rejected(reason) = ingest(backend, &[unknown.clone(), known]).await.remove(0) else {
        panic!("it is taken")
    };
    assert!(reason.contains(&serial), "{reason}");
    assert_eq!(who_is_in(backend, &dance).await, ["Ben"]);
    let reject = backend.rejected.get(&unknown.message_id).await.expect("the backend is there").expect("it is kept");
    assert_eq!((reject.reason, reject.body), (reason, unknown.body));
}

pub async fn second_press_changes_nothing(backend: &Backend) {
    let (serial, dance) = names();
    register(backend, &button(&serial, &dance, "Ana")).await;
    ingest(backend, &[shelly(&serial, "S", 7, 5)]).await;
    ingest(backend, &[shelly(&serial, "L", 8, 6)]).await;

    // The broker sends the first one once more, ten minutes later.
    let later = 5 + 10 * 60;
    assert_eq!(ingest(backend, &[shelly(&serial, "S", 7, later)]).await, [Outcome::Stale]);
    assert!(who_is_in(backend, &dance).await.is_empty());

    assert_eq!(ingest(backend, &[shelly(&serial, "S", 9, later + 1)]).await, [Outcome::Stored]);
    assert_eq!(ingest(backend, &[shelly(&serial, "S", 9, later + 1)]).await, [Outcome::Duplicate]);
    assert_eq!(who_is_in(backend, &dance).await, ["Ana"]);
}

pub async fn restarted_counter_is_a_new_press(backend: &Backend) {
    let (serial, dance) = names();
    register(backend, &button(&serial, &dance, "Ana")).await;
    ingest(backend, &[shelly(&serial, "S", 1, 5)]).await;
    ingest(backend, &[shelly(&serial, "L", 2, 6)]).await;
    let first = attendee(backend, &person(&dance, "Ana")).await.expect("Ana is there").newest.id;
    assert_eq!(ingest(backend, &[shelly(&serial, "S", 1, 6 + 11 * 60)]).await, [Outcome::Stored]);
    assert_eq!(who_is_in(backend, &dance).await, ["Ana"]);
    // With an id of its own, or it would be taken for a repetition.
    let found = attendee(backend, &person(&dance, "Ana")).await.expect("Ana is there");
    assert!(found.newest.id != first && found.registration().expect("Ana is in").owner == found.newest.id);
    let signed_up = shelly(&serial, "S", 1, 5);
    assert_eq!(ingest(backend, &[signed_up]).await, [Outcome::Stale], "the press of before");
    // That one too is known when it comes again after a cancel.
    ingest(backend, &[shelly(&serial, "L", 2, 7 + 11 * 60)]).await;
    assert_eq!(ingest(backend, &[shelly(&serial, "S", 1, 8 + 11 * 60)]).await, [Outcome::Stale]);
    assert!(who_is_in(backend, &dance).await.is_empty());
}

pub async fn bad_press_is_rejected_future_press_cut(backend: &Backend) {
    let (serial, dance) = names();
    register(backend, &button(&serial, &dance, "Ana")).await;
    let broken = [
        pressed("hall/door", &json!({ "open": true }), 5),
        delivery("m-1", r#"{"topic": "t", "payload": "%", "received_at": 1}"#),
        delivery("m-2", r#"{"topic": "t", "payload": "", "received_at": "now"}"#),
    ];
    let outcomes = ingest(backend, &broken).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Rejected(_))), "{outcomes:?}");

    let delivery = simple(&serial, "single", ARRIVED + 1_000);
    ingest(backend, std::slice::from_ref(&delivery)).await;
    let found = attendee(backend, &person(&dance, "Ana")).await.expect("Ana is there");
    assert_eq!(found.newest.requested_at, delivery.arrived_at);
}
