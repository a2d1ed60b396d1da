//! Presses of buttons on their way onto the roster.

use countmein::domain::button::{Button, PressAction, PressActions, PressKind};
use countmein::domain::channel::Channel;
use countmein::formats::button::message::ButtonMessage;
use countmein::formats::button::{Decoded, decode};
use countmein::formats::message;
use countmein::ingest::Outcome;
use countmein::ports::{Delivery, RejectedMessage};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::backend::Backend;
use crate::buttons::{button, register};
use crate::people::{at, attendee, email, person, unique, who_is_in};
use crate::support::seed;

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
    let kept = rejects_of(backend, &serial).await;
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].reason, &kept[0].body, kept[0].count), (&reason, &unknown.body, 1));

    // However often it is pressed, it is one entry with the latest press. A press that the queue delivers again is not counted.
    let (second, third) = (simple(&serial, "single", 20), simple(&serial, "hold", 30));
    ingest(backend, &[second]).await;
    for _ in 0..2 {
        ingest(backend, std::slice::from_ref(&third)).await;
    }
    let kept = rejects_of(backend, &serial).await;
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].body, kept[0].count, &kept[0].latest_message), (&third.body, 3, &third.message_id));
}

async fn rejects_of(backend: &Backend, serial: &str) -> Vec<RejectedMessage> {
    let rejects = backend.rejected.list(10_000, None).await.expect("the backend is there");
    rejects.into_iter().filter(|reject| reject.reason.contains(serial)).collect()
}

pub async fn messages_about_one_press_are_one_press(backend: &Backend) {
    let (serial, dance) = names();
    register(backend, &button(&serial, &dance, "Ana")).await;
    let action_topic = |action: &str, second| {
        let envelope = ButtonMessage {
            topic: format!("zigbee2mqtt/{serial}/action"),
            payload: action.as_bytes().to_vec(),
            received_at: at(second),
        };
        delivery(&unique("message").replace(' ', "-"), &envelope.write())
    };
    // Down, up, and both once more on the other topic.
    for second in [100, 201] {
        ingest(backend, &[simple(&serial, "hold", second - 10)]).await;
        let press = [
            simple(&serial, "on_press", second),
            simple(&serial, "on_press_release", second + 1),
            action_topic("on_press", second),
            action_topic("on_press_release", second + 1),
        ];
        let mut outcomes = Vec::new();
        for message in &press {
            outcomes.extend(ingest(backend, std::slice::from_ref(message)).await);
        }
        let [first, rest @ ..] = &outcomes[..] else { panic!("{outcomes:?}") };
        assert_eq!(*first, Outcome::Stored, "at {second}");
        assert!(rest.iter().all(|outcome| *outcome == Outcome::Duplicate), "at {second}: {outcomes:?}");
    }
    // Whoever presses again later has pressed again.
    assert_eq!(ingest(backend, &[simple(&serial, "on_press", 230)]).await, [Outcome::Stored]);
}

pub async fn unknown_action_needs_attention_if_the_button_is_registered(backend: &Backend) {
    let (serial, dance) = names();
    let (lamp, _) = names();
    register(backend, &button(&serial, &dance, "Ana")).await;
    let messages = [
        simple(&serial, "quadruple", 5),
        simple(&lamp, "quadruple", 5),
        simple(&serial, "rotate_left", 6),
        simple(&serial, "quadruple", 7),
    ];
    let outcomes = ingest(backend, &messages).await;
    assert!(matches!(&outcomes[0], Outcome::Rejected(reason) if reason.contains("`quadruple`")), "{outcomes:?}");
    assert_eq!(outcomes[1..3], [Outcome::Ignored, Outcome::Ignored]);
    let kept = rejects_of(backend, &serial).await;
    assert_eq!((kept.len(), kept[0].count), (1, 2), "{kept:?}");
    assert!(rejects_of(backend, &lamp).await.is_empty());
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

/// The action of a message: a word of the families, in any combination, or any other text.
fn some_action() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "single",
        "double",
        "triple",
        "hold",
        "press",
        "release",
        "on",
        "off",
        "toggle",
        "left",
        "button",
        "1",
        "2",
        "rotate",
        "stop",
        "many",
        "quadruple",
        "short",
        "long",
        "click",
    ]);
    let words = prop::collection::vec(word, 1..4).prop_map(|words| words.join("_"));
    prop_oneof![4 => words, 1 => "[a-z0-9_]{1,12}", 1 => "\\PC{1,8}"]
}

/// Each message of a registered button signs somebody up or cancels, needs attention, or is of a kind that is passed over.
pub async fn no_input_of_a_registered_button_disappears(backend: &Backend) {
    let (backend, runtime) = (backend.clone(), Handle::current());
    let tried = tokio::task::spawn_blocking(move || {
        TestRunner::new(seed::config(48)).run(&prop::collection::vec(some_action(), 1..12), |actions| {
            runtime.block_on(async {
                let (serial, dance) = names();
                register(&backend, &button(&serial, &dance, "Ana")).await;
                let messages: Vec<Delivery> =
                    (10..).zip(&actions).map(|(second, action)| simple(&serial, action, second * 10)).collect();
                let outcomes = ingest(&backend, &messages).await;
                prop_assert_eq!(outcomes.len(), messages.len());
                let (mut rejected, mut is_in) = (0, false);
                for (message, outcome) in messages.iter().zip(&outcomes) {
                    let fields = message::parse_json(&message.body).unwrap();
                    let decoded = decode(&ButtonMessage::parse(&fields).unwrap());
                    let is_first = matches!(&decoded, Ok(Decoded::Press(press)) if press.serial.as_str() == serial);
                    match (&decoded, outcome) {
                        // A single press signs up, and a long one cancels.
                        (Ok(Decoded::Press(press)), Outcome::Stored | Outcome::Duplicate | Outcome::Stale)
                            if is_first =>
                        {
                            is_in = press.kind == PressKind::Single;
                        }
                        (Ok(Decoded::Press(press)), Outcome::Ignored) => {
                            prop_assert!(matches!(press.kind, PressKind::Double | PressKind::Triple), "{decoded:?}");
                        }
                        (Ok(Decoded::NotAPress), Outcome::Ignored) => {}
                        // Another button of the device is not registered.
                        (Ok(Decoded::Press(_)), Outcome::Rejected(_)) => rejected += 1,
                        (Ok(Decoded::NotUnderstood { .. }) | Err(_), Outcome::Rejected(_)) => rejected += 1,
                        // What a button that is not registered reports, and nobody understands, is no button's.
                        (Ok(Decoded::NotUnderstood { serial: other, .. }), Outcome::Ignored) => {
                            prop_assert!(other.as_str() != serial, "{decoded:?}");
                        }
                        _ => prop_assert!(false, "{decoded:?}: {outcome:?}"),
                    }
                }
                prop_assert_eq!(who_is_in(&backend, &dance).await.len(), usize::from(is_in));
                let counted: u64 = rejects_of(&backend, &serial).await.iter().map(|reject| reject.count).sum();
                prop_assert_eq!(counted, rejected);
                Ok(())
            })
        })
    });
    if let Err(failure) = tried.await.expect("the messages go on") {
        panic!("{failure}");
    }
}
