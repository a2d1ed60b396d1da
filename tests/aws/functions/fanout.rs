use std::collections::BTreeMap;
use std::time::Duration;

use countmein::domain::event::EventId;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::Calendar as _;
use serde_json::{Value, json};

use super::world::World;
use crate::support::runtime_api::Answer;
use crate::support::runtime_api::events::{AT, attendee, records, schedule, stream_record};
use crate::support::runtime_api::proxy::Verdict;

pub fn joins(number: u32, event: &str, name: &str) -> Value {
    stream_record(number, None, Some(&attendee(event, name)))
}

/// The number of attendees by event, as the digests count them.
pub fn counts(world: &World) -> BTreeMap<String, String> {
    let digests = world.items("#digest").into_iter();
    digests.map(|digest| (digest["name"].as_s().unwrap().clone(), digest["count"].as_n().unwrap().clone())).collect()
}

pub fn counted<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, String> {
    counts.into_iter().map(|(event, count)| (event.to_owned(), count.to_string())).collect()
}

/// The log lines in the embedded metric format.
pub fn metrics(lines: &[String]) -> Vec<Value> {
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line.get("_aws").is_some()).collect()
}

#[test]
fn stream_batch_writes_each_digest_once() {
    let world = World::new();
    let fanout = world.fanout();
    let batch = records([joins(1, "dance", "Ana"), joins(2, "party", "Ben"), joins(3, "dance", "Cleo")]);

    fanout.invoke(&batch).response();

    let of_calls = |operation| world.proxy.calls().iter().filter(|call| call.operation() == operation).count();
    // Both events are announced at once: a transaction stores each digest with its announcement, and a write ends the one
    // page. A digest is read for the change and for the announcement. Each event is entered in the calendar once. Before an
    // event's first announcement, its index of subscribers has no marker, so its entries and the roster are read, and the
    // marker is stored. Then the index is read.
    let (get, put, query) = (of_calls("GetItem"), of_calls("PutItem"), of_calls("Query"));
    assert_eq!((get, put, query), (2 * (2 + 1), 2 * (3 + 1), 2 * (2 + 1)));
    assert_eq!(of_calls("TransactWriteItems"), 2);
    // The details of the batch's events say which were deleted, and when the others are over. Those of each event say who
    // may read its names. Each event has one message, for everybody who follows all events.
    assert_eq!((of_calls("GetSecretValue"), of_calls("BatchGetItem"), of_calls("SendMessage")), (1, 1 + 2, 2));
    assert_eq!(world.proxy.calls().len(), 28);
    assert_eq!(counts(&world), counted([("dance", 2), ("party", 1)]));

    world.proxy.forward_all();
    fanout.invoke(&batch).response();
    assert_eq!((of_calls("PutItem"), of_calls("SendMessage")), (0, 0));
    assert_eq!(counts(&world), counted([("dance", 2), ("party", 1)]));
    let metrics = metrics(&fanout.kill());
    assert_eq!(metrics[0]["AttendeesJoined"], json!(3.0));
    assert_eq!(
        metrics.iter().filter(|line| line["AttendeesJoined"].is_number()).count(),
        1,
        "a replay counts for nothing: {metrics:?}"
    );
}

#[test]
fn leaving_lowers_the_count() {
    let world = World::new();
    let fanout = world.fanout();
    let ana = attendee("dance", "Ana");
    let mut gone = ana.clone();
    gone["status"]["S"] = json!("out");
    gone["expires_at"] = json!({ "N": "1798023600" });
    for of_the_stay in ["since", "owner", "channel"] {
        gone.as_object_mut().unwrap().remove(of_the_stay);
    }
    fanout.invoke(&records([joins(1, "dance", "Ana"), joins(2, "dance", "Ben")])).response();
    let digest = json!({ "event": { "S": "#digest" }, "name": { "S": "dance" }, "count": { "N": "2" } });

    let batch = [stream_record(3, None, Some(&digest)), stream_record(4, Some(&ana), Some(&gone))];
    fanout.invoke(&records(batch)).response();

    assert_eq!(counts(&world), counted([("dance", 1)]));
    let metrics = metrics(&fanout.kill());
    assert_eq!(metrics.iter().filter_map(|line| line["AttendeesLeft"].as_f64()).sum::<f64>(), 1.0, "{metrics:?}");
}

#[test]
fn damaged_record_parks_its_event_and_no_other() {
    let world = World::new();
    let fanout = world.fanout();
    let mut damaged = attendee("pizza", "Ben");
    damaged["requested_at"] = json!({ "S": "yesterday" });

    let batch = [joins(1, "dance", "Ana"), stream_record(2, None, Some(&damaged)), joins(3, "pizza", "Cleo")];
    fanout.invoke(&records(batch)).response();

    assert_eq!(counts(&world), counted([("dance", 1), ("pizza", 1)]));
    assert_eq!(parked(&world), ["pizza"]);
    let metrics = metrics(&fanout.kill());
    assert_eq!(metrics.iter().filter_map(|line| line["EventsParked"].as_f64()).sum::<f64>(), 1.0, "{metrics:?}");
}

#[test]
fn damaged_digest_parks_its_event_and_no_other() {
    let world = World::new();
    let fanout = world.fanout();
    world.put(&json!({
        "event": { "S": "#digest" }, "name": { "S": "pizza" }, "title": { "S": "Pizza" }, "count": { "N": "1" },
        "version": { "N": "1" }, "waiting": { "S": "yes" }, "due_at": { "N": "1" },
    }));

    fanout.invoke(&records([joins(1, "pizza", "Ben"), joins(2, "dance", "Ana")])).response();
    fanout.invoke(&schedule()).response();

    assert_eq!(counts(&world)["dance"], "1");
    assert_eq!(parked(&world), ["pizza"]);
    assert!(
        !world
            .items("#digest")
            .iter()
            .any(|item| item["name"].as_s().unwrap() == "pizza" && item.contains_key("due_at"))
    );
    let metrics = metrics(&fanout.kill());
    assert_eq!(metrics.iter().filter_map(|line| line["EventsParked"].as_f64()).sum::<f64>(), 1.0, "{metrics:?}");
}

#[test]
fn deleted_event_is_not_announced() {
    let world = World::new();
    let fanout = world.fanout();
    let (ana, ben, later) = (attendee("pizza", "Ana"), attendee("pizza", "Ben"), attendee("pizza", "Cleo"));
    fanout.invoke(&records([stream_record(1, None, Some(&ben)), joins(2, "dance", "Ana")])).response();
    assert_eq!(counts(&world), counted([("dance", 1), ("pizza", 1)]));
    let deleted_at = json!({ "N": (AT + 1).to_string() });
    world.put(&json!({
        "event": { "S": "pizza" }, "name": { "S": "#details" }, "deleted_at": deleted_at, "expires_at": { "N": "1798023600" },
        "version": { "N": "3" },
    }));
    // A function that had read the event before stores Ana late.
    world.put(&ana);
    let damaged = json!({ "event": { "S": "pizza" }, "name": { "S": "zoe" }, "status": { "S": "in" } });

    let batch = [
        stream_record(3, Some(&ben), None),
        stream_record(4, None, Some(&ana)),
        stream_record(5, Some(&damaged), None),
    ];
    fanout.invoke(&records(batch.clone())).response();
    assert_eq!(world.items("pizza").len(), 1, "only the marker is left");
    assert_eq!(counts(&world), counted([("dance", 1)]));
    assert_eq!(parked(&world), [""; 0]);

    // The event begins anew, and earlier records are delivered again.
    let mut later = later;
    later["requested_at"] = json!({ "N": (AT + 2).to_string() });
    world.put(&later);
    fanout.invoke(&records([stream_record(7, None, Some(&later))])).response();
    fanout.invoke(&records(batch)).response();
    assert_eq!(counts(&world), counted([("dance", 1), ("pizza", 1)]));
    let metrics = metrics(&fanout.kill());
    assert_eq!(metrics.iter().filter_map(|line| line["AttendeesLeft"].as_f64()).sum::<f64>(), 0.0, "{metrics:?}");
}

/// The parked events.
fn parked(world: &World) -> Vec<String> {
    world.items("#parked").iter().map(|item| item["name"].as_s().unwrap().clone()).collect()
}

#[test]
fn unavailable_table_fails_the_invocation() {
    let world = World::new();
    let fanout = world.fanout();
    world.proxy.judge(|call| match call.operation() {
        "GetSecretValue" => Verdict::Forward,
        _ => Verdict::Fail(500, "InternalServerError"),
    });
    let batch = records([joins(1, "dance", "Ana")]);
    assert!(matches!(fanout.invoke(&batch), Answer::Error(_)));

    world.proxy.forward_all();
    fanout.invoke(&batch).response();
    assert_eq!(counts(&world), counted([("dance", 1)]));
}

#[test]
fn message_that_cannot_be_put_into_the_outbox_fails_the_invocation() {
    let world = World::new();
    let fanout = world.fanout();
    world.proxy.judge(|call| match call.operation() {
        "SendMessage" | "SendMessageBatch" => Verdict::Fail(500, "InternalError"),
        _ => Verdict::Forward,
    });
    let mut ana = attendee("dance", "Ana");
    ana["contact"] = json!({ "M": { "email": { "S": "ana@example.org" } } });
    world.put(&ana);
    let batch = records([stream_record(1, None, Some(&ana))]);
    assert!(matches!(fanout.invoke(&batch), Answer::Error(_)));
    assert_eq!(counts(&world), counted([("dance", 1)]));

    world.proxy.forward_all();
    fanout.invoke(&batch).response();
    assert_eq!(counts(&world), counted([("dance", 1)]));
    let waiting = world.receive_outbox().unwrap();
    assert!(waiting.to_string().contains("opt_in_request"), "{waiting}");
}

#[test]
fn schedule_deletes_contacts_of_events_that_are_over() {
    let world = World::new();
    let now = Timestamp::now();
    let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
    for (event, over_at) in [("dinner", now.minus(days(31))), ("dance", now.minus(days(29)))] {
        let mut ana = attendee(event, "Ana");
        ana["contact"] = json!({"M": {"email": {"S": "ana@example.org"}}});
        ana["requested_at"] = json!({"N": now.minus(days(200)).as_millis().to_string()});
        world.put(&ana);
        world
            .put(&json!({"event": {"S": "#digest"}, "name": {"S": event}, "title": {"S": event}, "count": {"N": "1"}}));
        world.wait(world.table.set_over_at(&EventId::parse(event).unwrap(), over_at)).unwrap();
    }
    let has_contact = |event: &str| world.items(event)[0].contains_key("contact");
    let fanout = world.fanout();
    fanout.invoke(&schedule()).response();
    assert!(!has_contact("dinner") && has_contact("dance"));
    assert_eq!(world.who_is_in("dinner"), ["Ana"]);
    // Nothing is left to do: one query for digests, one for events, and one call for dead letters.
    world.proxy.forward_all();
    fanout.invoke(&schedule()).response();
    let calls: Vec<_> = world.proxy.calls().iter().map(|call| call.operation().to_owned()).collect();
    assert_eq!(calls, ["Query", "Query", "ReceiveMessage"]);
    let page = world.wait(world.table.past(now, None, 10)).unwrap();
    assert_eq!(page.entries.len(), 2, "both events are still listed");
    drop(fanout.kill());
}
