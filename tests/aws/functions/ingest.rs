use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countmein::domain::attendee_name::{AttendeeName, NameKey};
use countmein::domain::button::{Button, PressActions, Serial};
use countmein::domain::event::{Event, EventId};
use countmein::domain::signup::AttendeeKey;
use countmein::ports::{Buttons as _, Deferrals, Roster as _, STOPPED_REASON};
use serde_json::{Value, json};

use super::world::{DEAD_LETTERS, World, failures, guest};
use crate::support::runtime_api::Answer;
use crate::support::runtime_api::events::{AT, message, records};
use crate::support::runtime_api::proxy::{Call, Verdict};

/// The timeout of `ingest` in the template.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(20);

/// What one write request unit pays for (DynamoDB developer guide, "Read/write capacity").
const WRITE_UNIT_BYTES: usize = 1_024;

/// The calls that are not the look-up of the batch's events.
fn without_look_up(calls: Vec<Call>) -> Vec<Call> {
    calls.into_iter().filter(|call| call.operation() != "BatchGetItem").collect()
}

fn operations(calls: &[Call]) -> Vec<&str> {
    let mut operations: Vec<&str> = calls.iter().map(Call::operation).collect();
    operations.sort_unstable();
    operations
}

/// Names and values in UTF-8, numbers as if no digit could be packed (DynamoDB developer guide, "Item sizes").
fn size(item: &HashMap<String, AttributeValue>) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len(),
        AttributeValue::Bool(_) => 1,
        AttributeValue::M(map) => 3 + map.len() + size(map),
        other => panic!("no attendee has {other:?}"),
    };
    item.iter().map(|(name, attribute)| name.len() + value(attribute)).sum()
}

/// A message about each of as many guests, all requested at one time, in seconds from when they arrive.
fn batch_of(count: usize, id: &str, second: i64, fields: &Value) -> Value {
    records((0..count).map(|number| {
        let mut body =
            json!({ "event": "Dance", "name": format!("Guest {number:03}"), "requested_at": AT + second * 1_000 });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        message(&format!("{id}-{number}"), &body)
    }))
}

#[test]
fn new_signup_costs_one_call_and_repeat_two() {
    let world = World::new();
    let ingest = world.ingest();
    let calls_of = |batch: &Value| {
        world.proxy.forward_all();
        assert_eq!(failures(&ingest.invoke(batch).response()), [""; 0]);
        world.proxy.calls()
    };
    let contact = json!({ "contact": { "email": "somebody@mail.example.org" } });
    let new = batch_of(100, "new", -10, &contact);

    let mut calls = calls_of(&new);
    assert_eq!(calls.remove(0).operation(), "BatchGetItem", "one call reads the details of the batch's events");
    assert_eq!(operations(&calls), ["PutItem"; 100]);
    assert!(calls.iter().all(Call::was_done));
    let items = world.items("dance");
    assert_eq!(items.len(), 100);
    for item in &items {
        assert!(size(item) <= WRITE_UNIT_BYTES, "{} bytes: {item:?}", size(item));
    }

    for repeat in [new, batch_of(100, "stale", -20, &json!({ "action": "cancel" }))] {
        // The details are read again after five seconds.
        let calls = without_look_up(calls_of(&repeat));
        assert_eq!(operations(&calls), ["PutItem"; 100]);
        assert!(calls.iter().all(|call| !call.was_done()), "each is refused by its condition");
        assert_eq!(world.items("dance"), items);
    }

    let calls = calls_of(&batch_of(100, "changing", -5, &json!({ "action": "cancel" })));
    assert_eq!(operations(&calls), ["PutItem"; 200]);
    assert_eq!(calls.iter().filter(|call| call.was_done()).count(), 100);
    assert_eq!(world.who_is_in("dance"), [""; 0]);
}

#[test]
fn one_attendee_per_batch_is_one_write() {
    let world = World::new();
    let asked = |id: &str, action: &str| message(id, &json!({ "event": "Dance", "name": "Ana", "action": action }));
    let batch = records([asked("a", "sign_up"), asked("b", "cancel"), asked("b", "cancel"), asked("c", "sign_up")]);

    assert_eq!(failures(&world.ingest().invoke(&batch).response()), [""; 0]);

    assert_eq!(operations(&world.proxy.calls()), ["BatchGetItem", "PutItem"]);
    assert_eq!(world.who_is_in("dance"), ["Ana"]);
}

#[test]
fn details_of_all_events_of_a_batch_are_one_call() {
    let world = World::new();
    let batch =
        records((0..100).map(|number| {
            message(&format!("id-{number}"), &json!({ "event": format!("Dance {number}"), "name": "Ana" }))
        }));
    assert_eq!(failures(&world.ingest().invoke(&batch).response()), [""; 0]);
    let calls = world.proxy.calls();
    assert_eq!(operations(&calls)[..2], ["BatchGetItem", "PutItem"]);
    assert_eq!(calls.len(), 1 + 100);
}

#[test]
fn bad_message_costs_one_write() {
    let world = World::new();
    let poison = [
        message("not-json", &json!("Melvin, please")),
        message("nameless", &json!({ "event": "Dance" })),
        message("elsewhere", &json!({ "event": "Dance", "name": "#details" })),
    ];

    let answer = world.ingest().invoke(&records((0..7).map(guest).chain(poison))).response();

    assert_eq!(failures(&answer), [""; 0]);
    let calls = without_look_up(world.proxy.calls());
    assert_eq!(operations(&calls), ["PutItem"; 3 + 7]);
    assert_eq!(world.who_is_in("dance").len(), 7);
    let rejects = world.rejects();
    let ids: Vec<&str> = rejects.iter().map(|reject| reject.id.as_str()).collect();
    assert_eq!(ids, ["elsewhere", "nameless", "not-json"]);
    assert_eq!(rejects[2].body, "Melvin, please");
}

#[test]
fn record_without_id_is_rejected_alone() {
    let world = World::new();
    let mut nameless = guest(1);
    nameless.as_object_mut().unwrap().remove("messageId");
    let batch = records([guest(0), nameless, guest(2)]);

    for _ in 0..2 {
        assert_eq!(failures(&world.ingest().invoke(&batch).response()), [""; 0]);
        assert_eq!(world.who_is_in("dance"), ["Guest 000", "Guest 002"]);
        let [reject] = &world.rejects()[..] else { panic!("{:?}", world.rejects()) };
        assert_eq!(reject.body, guest(1)["body"].as_str().unwrap());
        assert!(reject.reason.contains("messageId"), "{}", reject.reason);
    }
}

#[test]
fn unstored_record_without_id_fails_the_invocation() {
    let world = World::new();
    world.proxy.judge(|call| match call.body["Item"]["event"]["S"].as_str() {
        Some("#reject") => Verdict::Fail(400, "ThrottlingException"),
        _ => Verdict::Forward,
    });
    let mut nameless = guest(1);
    nameless.as_object_mut().unwrap().remove("messageId");

    let answer = world.ingest().invoke(&records([nameless]));

    assert!(matches!(answer, Answer::Error(_)), "{answer:?}");
}

#[test]
fn only_failed_writes_are_deferred() {
    let world = World::new();
    let ingest = world.ingest();
    world.proxy.judge(|call| match call.body["Item"]["name"]["S"].as_str() {
        Some("guest 003") => Verdict::Fail(400, "ProvisionedThroughputExceededException"),
        Some("guest 005") => Verdict::Fail(500, "InternalServerError"),
        _ => Verdict::Forward,
    });

    let answer = ingest.invoke(&records((0..10).map(guest))).response();

    assert_eq!(failures(&answer), [""; 0], "SQS may delete all: the deferred messages were sent again");
    assert_eq!(world.who_is_in("dance").len(), 8);
    let mut deferred = world.receive(2);
    deferred.sort_by(|one, other| one.message_id.cmp(&other.message_id));
    for (delivery, number) in deferred.iter().zip([3, 5]) {
        let original = guest(number);
        assert_eq!(delivery.message_id, original["messageId"].as_str().unwrap());
        assert_eq!(delivery.body, original["body"].as_str().unwrap());
        assert_eq!(delivery.arrived_at.as_millis(), AT);
        assert_eq!(delivery.deferrals, Deferrals { attempts: 1, early_attempts: 0 });
    }
}

#[test]
fn message_that_cannot_be_sent_again_stays_on_the_queue() {
    let world = World::new();
    let ingest = world.ingest();
    world.proxy.judge(|call| match (call.operation(), call.body["Item"]["name"]["S"].as_str()) {
        ("SendMessageBatch", _) => Verdict::Fail(500, "InternalError"),
        (_, Some("guest 003")) => Verdict::Fail(500, "InternalServerError"),
        _ => Verdict::Forward,
    });
    // A deferred message is listed by the id of its copy.
    let mut copy = guest(3);
    copy["messageAttributes"] = json!({ "origin_id": { "stringValue": "original", "dataType": "String" } });

    let answer = ingest.invoke(&records([guest(1), copy])).response();

    assert_eq!(failures(&answer), ["message-Dance-3"]);
}

#[test]
fn outage_of_the_table_rejects_nothing() {
    let world = World::new();
    let ingest = world.ingest();
    let received = |count: u32, queue: Option<&'static str>| {
        move |mut record: Value| {
            record["attributes"]["ApproximateReceiveCount"] = json!(count.to_string());
            if let Some(queue) = queue {
                record["eventSourceARN"] = json!(queue);
            }
            record
        }
    };
    world.proxy.judge(|call| match call.operation() {
        "PutItem" => Verdict::Fail(500, "InternalServerError"),
        _ => Verdict::Forward,
    });
    for count in 1..=5 {
        let batch = records((0..50).map(guest).map(received(count, None)));
        assert_eq!(failures(&ingest.invoke(&batch).response()), [""; 0]);
    }
    let dead = records([received(6, Some(DEAD_LETTERS))(guest(0))]);
    assert_eq!(failures(&ingest.invoke(&dead).response()), [""; 0]);
    world.proxy.forward_all();
    assert!(world.rejects().is_empty());

    for number in 0..50 {
        let dead = records([received(6, Some(DEAD_LETTERS))(guest(number))]);
        assert_eq!(failures(&ingest.invoke(&dead).response()), [""; 0]);
    }

    assert_eq!(world.who_is_in("dance").len(), 50);
    assert!(world.rejects().is_empty());
}

#[test]
fn unstored_reject_is_deferred() {
    let world = World::new();
    let ingest = world.ingest();
    world.proxy.judge(|call| match call.body["Item"]["event"]["S"].as_str() {
        Some("#reject") => Verdict::Fail(400, "ThrottlingException"),
        _ => Verdict::Forward,
    });
    let batch = records([guest(0), message("poison", &json!("not JSON"))]);

    assert_eq!(failures(&ingest.invoke(&batch).response()), [""; 0]);
    assert!(world.rejects().is_empty());
    assert_eq!(world.receive(1)[0].message_id, "poison");

    world.proxy.forward_all();
    assert_eq!(failures(&ingest.invoke(&batch).response()), [""; 0]);
    assert_eq!(world.rejects().len(), 1);
}

#[test]
fn undeliverable_dead_letter_is_rejected_whole() {
    let world = World::new();
    let dead = |mut record: Value, receives: u32| {
        record["eventSourceARN"] = json!(DEAD_LETTERS);
        record["attributes"]["ApproximateReceiveCount"] = json!(receives.to_string());
        records([record])
    };
    let ingest = world.ingest();

    assert_eq!(failures(&ingest.invoke(&dead(guest(1), 8)).response()), [""; 0]);
    assert_eq!(failures(&ingest.invoke(&dead(guest(2), 9)).response()), [""; 0]);

    assert_eq!(world.who_is_in("dance"), ["Guest 001"]);
    let [reject] = &world.rejects()[..] else { panic!("{:?}", world.rejects()) };
    assert_eq!((reject.id.as_str(), reject.reason.as_str()), ("message-Dance-2", STOPPED_REASON));
    assert_eq!(reject.body, guest(2)["body"].as_str().unwrap());
}

/// A press of a Shelly button, which numbers its presses.
fn press(number: usize) -> Value {
    let payload = STANDARD.encode(json!({ "event": "S", "event_cnt": number }).to_string());
    let topic = "shellies/shellybutton1-A4CF12F45A2B/input_event/0";
    message(&format!("press-{number}"), &json!({ "topic": topic, "payload": payload, "received_at": AT }))
}

fn register_button(world: &World) {
    let button = Button {
        serial: Serial::parse("shellybutton1-A4CF12F45A2B").unwrap(),
        event: Event::parse("Dance").unwrap(),
        attendee: AttendeeName::parse("Ana").unwrap(),
        contact: None,
        actions: PressActions::default(),
    };
    world.wait(world.table.register(button)).unwrap();
}

#[test]
fn presses_that_time_out_do_not_delay_signups() {
    let world = World::new();
    let ingest = world.ingest();
    register_button(&world);
    world.proxy.judge(|call| match call.body["Item"]["event"]["S"].as_str() {
        Some("#idempotency") => Verdict::Ignore,
        _ => Verdict::Forward,
    });
    let batch = records((1..=10).map(press).chain((0..5).map(guest)));

    let started = Instant::now();
    assert_eq!(failures(&ingest.invoke(&batch).response()), [""; 0]);

    assert!(started.elapsed() < FUNCTION_TIMEOUT, "it took {:?}", started.elapsed());
    assert_eq!(world.who_is_in("dance").len(), 5);
    world.proxy.forward_all();
    assert!(world.receive(10).iter().all(|delivery| delivery.message_id.starts_with("press-")));
    assert!(world.rejects().is_empty());
}

#[test]
fn invocation_ends_in_time_although_nothing_answers() {
    let world = World::new();
    let ingest = world.ingest();
    register_button(&world);
    world.proxy.judge(|_| Verdict::Ignore);
    let poison = message("poison", &json!("not JSON"));
    let batch = records((1..=10).map(press).chain((0..989).map(guest)).chain([poison]));

    let started = Instant::now();
    let response = ingest.invoke(&batch).response();

    assert!(started.elapsed() < FUNCTION_TIMEOUT, "it took {:?}", started.elapsed());
    assert_eq!(failures(&response).len(), 1_000);
}

#[test]
fn damaged_attendee_harms_no_other() {
    let world = World::new();
    world.put(&json!({
        "event": { "S": "dance" }, "name": { "S": "guest 001" }, "signup_id": { "S": "a" }, "status": { "S": "in" },
    }));

    assert_eq!(failures(&world.ingest().invoke(&records((0..3).map(guest))).response()), [""; 0]);

    let [reject] = &world.rejects()[..] else { panic!("{:?}", world.rejects()) };
    assert!(reject.reason.contains("damaged"), "{}", reject.reason);
    assert_eq!(reject.id, "message-Dance-1");
    for number in [0, 2] {
        let key = guest_key(number);
        assert!(world.wait(world.table.attendee(&key)).unwrap().is_some());
    }
    assert_eq!(world.who_is_in("dance"), ["Guest 000", "Guest 002"]);
}

fn guest_key(number: usize) -> AttendeeKey {
    AttendeeKey { event: EventId::parse("Dance").unwrap(), name: NameKey::of(&format!("Guest {number:03}")).unwrap() }
}
