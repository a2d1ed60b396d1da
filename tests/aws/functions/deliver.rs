use std::time::Duration;

use countmein::domain::contact::Contact;
use countmein::domain::timestamp::Timestamp;
use serde_json::{Value, json};

use super::fanout::metrics;
use super::notifications::{ANAS_PHONE, TEXTING, comes};
use super::world::{World, failures};
use crate::support::runtime_api::events::{message, records, schedule};
use crate::support::runtime_api::proxy::{Call, Verdict};

/// A world in which Ana has confirmed her phone, and the event of a digest that tells her about Ben.
fn world_with_digest() -> (World, Value) {
    let world = World::new();
    world.has_opted_in(&Contact::sms(ANAS_PHONE).unwrap());
    let fanout = world.fanout_with(&[("COUNTMEIN_BACKOFF_INITIAL", "0"), ("COUNTMEIN_BACKOFF_MAXIMUM", "0")]);
    fanout.invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))])).response();
    world.deliver_with(&TEXTING).invoke(&world.receive_outbox().unwrap()).response();
    fanout.invoke(&records([comes(&world, 2, "Ben", None)])).response();
    let batch = world.receive_outbox().unwrap();
    let to_ana = |record: &&Value| record["body"].as_str().unwrap().contains("ana");
    let digest = records(batch["Records"].as_array().unwrap().iter().filter(to_ana).cloned());
    assert_eq!(digest["Records"].as_array().unwrap().len(), 1, "{batch}");
    world.proxy.forward_all();
    (world, digest)
}

/// The event when it is received again.
fn received_again(event: &Value) -> Value {
    let mut event = event.clone();
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!("2");
    event
}

fn fails(operation: &'static str) -> impl Fn(&Call) -> Verdict {
    move |call| match call.operation() == operation {
        true => Verdict::Fail(503, "ServiceUnavailable"),
        false => Verdict::Forward,
    }
}

#[test]
fn digest_is_sent_once_with_few_calls() {
    let (world, digest) = world_with_digest();
    let deliver = world.deliver_with(&TEXTING);
    assert_eq!(failures(&deliver.invoke(&digest).response()), [""; 0]);
    let calls: Vec<_> = world.proxy.calls().iter().map(|call| call.operation().to_owned()).collect();
    let expected = [
        // The secrets at the start, the event, the attendee, and whether the phone is confirmed.
        &["GetSecretValue", "GetSecretValue", "BatchGetItem", "GetItem", "GetItem"][..],
        // The watermark is claimed, and tells which announcements are read. The digest and the text are counted before it is
        // sent.
        &["UpdateItem", "Query", "UpdateItem", "UpdateItem", "Publish", "UpdateItem"],
    ];
    assert_eq!(calls, expected.concat());

    world.proxy.forward_all();
    assert_eq!(failures(&deliver.invoke(&digest).response()), [""; 0]);

    assert!(world.proxy.calls().iter().all(|call| call.operation() != "Publish"));
    let texts = world.texts(ANAS_PHONE);
    assert!(texts.len() == 1 && texts[0].contains("Ben joined"), "{texts:?}");
    let metrics = metrics(&deliver.kill());
    assert_eq!(metrics.iter().filter_map(|line| line["NotificationsDelivered"].as_f64()).sum::<f64>(), 1.0);
}

#[test]
fn failed_digest_is_sent_again_later() {
    let (world, digest) = world_with_digest();
    world.proxy.judge(fails("Publish"));
    let deliver = world.deliver_with(&TEXTING);
    assert_eq!(failures(&deliver.invoke(&digest).response()), [""; 0]);

    let calls = world.proxy.calls();
    let entry = &calls.last().unwrap().body["Entries"][0];
    assert_eq!(entry["DelaySeconds"], 30);
    let attribute = |name: &str| entry["MessageAttributes"][name]["StringValue"].as_str().unwrap().to_owned();
    let sent_at = digest["Records"][0]["attributes"]["SentTimestamp"].as_str().unwrap();
    assert_eq!((attribute("attempts").as_str(), attribute("origin_arrived_at").as_str()), ("1", sent_at));

    let resent = world.resent();
    world.proxy.judge(fails("Publish"));
    assert_eq!(failures(&deliver.invoke(&resent).response()), [""; 0]);
    assert_eq!(world.proxy.calls().last().unwrap().body["Entries"][0]["DelaySeconds"], 60);

    let resent = world.resent();
    world.proxy.forward_all();
    assert_eq!(failures(&deliver.invoke(&resent).response()), [""; 0]);
    assert_eq!(world.texts(ANAS_PHONE).len(), 1);
    let metrics = metrics(&deliver.kill());
    let sum = |name: &str| metrics.iter().filter_map(|line| line[name].as_f64()).sum::<f64>();
    assert_eq!((sum("NotificationsDeferred"), sum("NotificationsDelivered")), (2.0, 1.0));
}

#[test]
fn message_that_cannot_be_sent_again_stays_on_the_queue() {
    let (world, digest) = world_with_digest();
    world.proxy.judge(|call| match call.operation() {
        "Publish" | "SendMessageBatch" => Verdict::Fail(503, "ServiceUnavailable"),
        _ => Verdict::Forward,
    });
    let response = world.deliver_with(&TEXTING).invoke(&digest).response();
    assert_eq!(failures(&response), [digest["Records"][0]["messageId"].as_str().unwrap()]);
}

#[test]
fn unreadable_message_is_dropped_and_counted() {
    let (world, digest) = world_with_digest();
    let secret = "very.private@mail.example.org";
    let unreadable = message("unreadable", &json!({ "kind": "pigeon", "event": secret, "name": secret }));
    let deliver = world.deliver_with(&TEXTING);
    let batch = records([unreadable, digest["Records"][0].clone()]);
    assert_eq!(failures(&deliver.invoke(&batch).response()), [""; 0]);
    assert_eq!(world.texts(ANAS_PHONE).len(), 1);
    let lines = deliver.kill();
    assert!(lines.iter().any(|line| line.contains("message rejected") && line.contains("unreadable")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("very.private")), "{lines:?}");
    assert_eq!(metrics(&lines).iter().filter_map(|line| line["NotificationsRejected"].as_f64()).sum::<f64>(), 1.0);
}

#[test]
fn deliver_that_is_killed_after_sending_sends_no_second_text() {
    let (world, digest) = world_with_digest();
    world.proxy.judge(|call| match call.operation() {
        "Publish" => Verdict::HoldAfter,
        _ => Verdict::Forward,
    });
    let deliver = world.deliver_with(&TEXTING);
    deliver.hand_out(&digest);
    world.proxy.until_it_holds();
    deliver.kill();
    assert_eq!(world.texts(ANAS_PHONE).len(), 1);

    // Nobody else tells Ana anything about the event until the claim of the killed process ends.
    world.proxy.forward_all();
    let deliver = world.deliver_with(&TEXTING);
    assert_eq!(failures(&deliver.invoke(&received_again(&digest)).response()), [""; 0]);
    assert_eq!(world.resent()["Records"].as_array().unwrap().len(), 1);
    assert_eq!(world.texts(ANAS_PHONE).len(), 1);
}

#[test]
fn opt_in_request_of_a_killed_deliver_is_sent() {
    let world = World::new();
    world.fanout().invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))])).response();
    let batch = world.receive_outbox().unwrap();
    let of_opt_in = |record: &&Value| record["body"].as_str().unwrap().contains("opt_in_request");
    let request = records(batch["Records"].as_array().unwrap().iter().filter(of_opt_in).cloned());
    world.proxy.judge(|call| match call.operation() {
        "Publish" => Verdict::HoldBefore,
        _ => Verdict::Forward,
    });
    let deliver = world.deliver_with(&TEXTING);
    deliver.hand_out(&request);
    world.proxy.until_it_holds();
    deliver.kill();

    world.proxy.forward_all();
    let deliver = world.deliver_with(&TEXTING);
    assert_eq!(failures(&deliver.invoke(&request).response()), [""; 0]);
    assert_eq!(world.texts(ANAS_PHONE), [""; 0], "another request may have been sent");
    assert_eq!(failures(&deliver.invoke(&received_again(&request)).response()), [""; 0]);
    assert_eq!(world.texts(ANAS_PHONE).len(), 1);
}

#[test]
fn dead_letters_return_to_the_outbox_for_a_day() {
    let world = World::new();
    let (now, day) = (Timestamp::now(), Duration::from_secs(24 * 60 * 60));
    let digest =
        |name: &str| json!({ "kind": "digest", "event": "dance", "announced_at": now.as_millis(), "names": [name] });
    let recent = now.minus(Duration::from_secs(60));
    world.put_outbox_dead_letter(&digest("ana").to_string(), recent);
    world.put_outbox_dead_letter(&digest("ben").to_string(), now.minus(day));
    world.put_outbox_dead_letter("not JSON", recent);
    let fanout = world.fanout();
    fanout.invoke(&schedule()).response();

    let resent = world.resent();
    let [record] = &resent["Records"].as_array().unwrap()[..] else { panic!("{resent}") };
    let mut expected = digest("ana");
    expected["unresolved_since"] = json!(recent.as_millis());
    assert_eq!(serde_json::from_str::<Value>(record["body"].as_str().unwrap()).unwrap(), expected);
    assert_eq!(record["messageAttributes"]["attempts"]["stringValue"], "1");
    assert_eq!(world.receive_outbox_dead_letters(), None);
    let metrics = metrics(&fanout.kill());
    assert_eq!(metrics.iter().filter_map(|line| line["NotificationsExpired"].as_f64()).sum::<f64>(), 1.0);
}
