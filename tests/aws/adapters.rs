//! The adapters for DynamoDB and SQS: how long items are stored, and where deferred messages go.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use countmein::adapters::dynamodb::EventsTable;
use countmein::adapters::sqs::Sqs;
use countmein::domain::event::EventId;
use countmein::domain::signup::SignupId;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{
    DamagedRecord, Deferral, Deferrals, Delivery, Digests as _, Idempotency as _, IdempotentRequest, ParkedEvent,
    Queue as _,
};

use crate::support::cloud::Cloud;

const DAY: i64 = 24 * 60 * 60;

/// An empty table in this cloud.
fn table(cloud: &Cloud) -> EventsTable {
    let table = EventsTable::new(&cloud.account.config(), "Club");
    cloud.runtime.block_on(table.ensure()).unwrap();
    table
}

/// When DynamoDB deletes an item, in seconds.
fn expires_at(cloud: &Cloud, event: &str, name: &str) -> i64 {
    let get = aws_sdk_dynamodb::Client::new(&cloud.account.config()).get_item().table_name("Club");
    let get = get
        .key("event", AttributeValue::S(event.to_owned()))
        .key("name", AttributeValue::S(name.to_owned()))
        .consistent_read(true);
    let item = cloud.runtime.block_on(get.send()).unwrap().item.unwrap();
    item["expires_at"].as_n().unwrap().parse().unwrap()
}

#[test]
fn parked_event_expires_after_90_days() {
    let cloud = Cloud::new();
    let parked_at = Timestamp::parse_rfc3339("2026-11-26T16:30:00Z").unwrap();
    let parked = ParkedEvent {
        event: EventId::parse("dance").unwrap(),
        damaged: DamagedRecord::Change,
        cause: "it has no version".to_owned(),
        parked_at,
    };

    cloud.runtime.block_on(table(&cloud).park(&parked)).unwrap();

    assert_eq!(expires_at(&cloud, "#parked", "dance"), parked_at.as_seconds() + 90 * DAY);
}

#[test]
fn idempotency_key_expires_after_a_day() {
    let cloud = Cloud::new();
    let before = Timestamp::now();
    let request = IdempotentRequest { fingerprint: "f".to_owned(), id: SignupId::new(before), requested_at: before };

    cloud.runtime.block_on(table(&cloud).remember("key".to_owned(), request)).unwrap();

    let after = Timestamp::now();
    let expected = before.as_seconds() + DAY..=after.as_seconds() + DAY;
    let expires_at = expires_at(&cloud, "#idempotency", "key");
    assert!(expected.contains(&expires_at), "{expires_at} is not in {expected:?}");
}

#[test]
fn deferred_dead_letter_returns_to_its_queue() {
    let cloud = Cloud::new();
    let config = cloud.account.config();
    let queue = Sqs::new(&config, &cloud.queue);
    let dead_letters = Sqs::dead_letters(&config, &cloud.dead_letters, &cloud.queue);
    let receive = async |queue: &Sqs| -> Delivery { queue.receive(1).await.unwrap().remove(0) };
    cloud.runtime.block_on(async {
        dead_letters.send(vec!["hello".to_owned()]).await.unwrap();
        let delivery = receive(&dead_letters).await;
        let deferral = Deferral {
            deferrals: Deferrals { attempts: 1, ..Deferrals::default() },
            delay: Duration::ZERO,
            reason: "the table is unavailable".to_owned(),
            delivery: delivery.clone(),
        };

        let results = dead_letters.defer(vec![deferral]).await;

        assert!(matches!(results[..], [Ok(())]), "{results:?}");
        let again = receive(&queue).await;
        assert_eq!((again.message_id, again.body), (delivery.message_id, delivery.body));
        assert_eq!(dead_letters.depth().await.unwrap().messages, 0);
    });
}
