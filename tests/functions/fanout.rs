use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::runtime_api::Answer;
use crate::runtime_api::events::{attendee, records, schedule, stream_record};
use crate::runtime_api::proxy::Verdict;
use crate::world::World;

fn joins(number: u32, event: &str, name: &str) -> Value {
    stream_record(number, None, Some(&attendee(event, name)))
}

/// How many are in, by event, as the digests count them.
fn counts(world: &World) -> BTreeMap<String, String> {
    let digests = world.items("#digest").into_iter();
    digests.map(|digest| (digest["name"].as_s().unwrap().clone(), digest["count"].as_n().unwrap().clone())).collect()
}

fn counted<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, String> {
    counts.into_iter().map(|(event, count)| (event.to_owned(), count.to_string())).collect()
}

/// What is told in the embedded metric format.
fn metrics(lines: &[String]) -> Vec<Value> {
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line.get("_aws").is_some()).collect()
}

#[test]
fn a_batch_of_the_stream_is_one_write_to_each_event_s_digest_and_counts_once_when_it_comes_again() {
    let world = World::new();
    let fanout = world.fanout();
    let batch = records([joins(1, "dance", "Ana"), joins(2, "party", "Ben"), joins(3, "dance", "Cleo")]);

    fanout.invoke(&batch).response();

    let of_calls = |operation| world.proxy.calls().iter().filter(|call| call.operation() == operation).count();
    assert_eq!((of_calls("GetItem"), of_calls("PutItem"), world.proxy.calls().len()), (2, 2, 4));
    assert_eq!(counts(&world), counted([("dance", 2), ("party", 1)]));

    world.proxy.forward_all();
    fanout.invoke(&batch).response();
    assert_eq!(of_calls("PutItem"), 0);
    assert_eq!(counts(&world), counted([("dance", 2), ("party", 1)]));
    let told = metrics(&fanout.kill());
    assert_eq!(told.len(), 1, "a replay counts for nothing: {told:?}");
    assert_eq!(told[0]["AttendeesJoined"], json!(3.0));
}

#[test]
fn who_leaves_is_counted_off_and_what_is_no_attendee_is_passed_over() {
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
    assert_eq!(metrics(&fanout.kill())[1]["AttendeesLeft"], json!(1.0));
}

#[test]
fn a_damaged_record_fails_the_invocation_and_names_itself() {
    let world = World::new();
    let mut damaged = attendee("dance", "Ben");
    damaged["requested_at"] = json!({ "S": "yesterday" });

    let answer = world.fanout().invoke(&records([joins(1, "dance", "Ana"), stream_record(2, None, Some(&damaged))]));

    let Answer::Error(error) = answer else { panic!("the invocation succeeded: {answer:?}") };
    assert!(error["errorMessage"].as_str().unwrap().contains("000000000000000000002"), "{error}");
    assert!(counts(&world).is_empty(), "the batch comes again, split");
}

#[test]
fn a_table_that_does_not_answer_fails_the_invocation() {
    let world = World::new();
    let fanout = world.fanout();
    world.proxy.judge(|_| Verdict::Fail(500, "InternalServerError"));
    let batch = records([joins(1, "dance", "Ana")]);
    assert!(matches!(fanout.invoke(&batch), Answer::Error(_)));

    world.proxy.forward_all();
    fanout.invoke(&batch).response();
    assert_eq!(counts(&world), counted([("dance", 1)]));
}

#[test]
fn each_minute_what_waits_is_told() {
    let world = World::new();
    let fanout = world.fanout();
    fanout.invoke(&records([joins(1, "dance", "Ana"), joins(2, "party", "Ben")])).response();
    world.proxy.forward_all();

    fanout.invoke(&schedule()).response();

    let operations: Vec<String> = world.proxy.calls().iter().map(|call| call.operation().to_owned()).collect();
    assert_eq!(operations, ["Query"]);
    assert_eq!(metrics(&fanout.kill())[1]["DigestsDue"], json!(2.0));
}
