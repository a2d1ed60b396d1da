//! The event with which Lambda passes SQS messages to a function, and the function's response.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use sha2::{Digest as _, Sha256};

use crate::adapters::sqs::origin;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Deferrals, Delivery, RejectedMessage};

/// The records of an event.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// The receipt of each is the id by which [`batch_item_failures`] lists the record.
    pub deliveries: Vec<Delivery>,
    /// Records without an attribute that SQS always sets. They can never become sign-ups.
    pub incomplete: Vec<RejectedMessage>,
}

impl Batch {
    /// Parses the records, in their order. An absent body becomes an empty one, which is rejected later.
    pub fn parse(event: SqsEvent, now: Timestamp) -> Self {
        let mut batch = Self { deliveries: Vec::with_capacity(event.records.len()), incomplete: Vec::new() };
        for record in event.records {
            match delivery(&record) {
                Ok(delivery) => batch.deliveries.push(delivery),
                Err(missing) => batch.incomplete.push(incomplete(record, missing, now)),
            }
        }
        batch
    }
}

/// Parses a record. The error is the name of the missing attribute.
fn delivery(record: &SqsMessage) -> Result<Delivery, &'static str> {
    let number = |attribute| record.attributes.get(attribute).and_then(|text| text.parse::<i64>().ok());
    let sent_at = number("SentTimestamp").and_then(|millis| Timestamp::from_millis(millis).ok());
    let receive_count = number("ApproximateReceiveCount").and_then(|count| u32::try_from(count).ok());
    let record_id = record.message_id.clone().ok_or("messageId")?;
    let mut delivery = Delivery {
        message_id: record_id.clone(),
        receipt: record_id,
        body: record.body.clone().unwrap_or_default(),
        arrived_at: sent_at.ok_or("SentTimestamp")?,
        receive_count: receive_count.ok_or("ApproximateReceiveCount")?,
        deferrals: Deferrals::default(),
    };
    origin::restore(&mut delivery, |name| record.message_attributes.get(name)?.string_value.as_deref());
    Ok(delivery)
}

fn incomplete(record: SqsMessage, missing: &str, now: Timestamp) -> RejectedMessage {
    let body = record.body.unwrap_or_default();
    // The same record delivered again must be the same rejected message.
    let hash = || Sha256::digest(&body)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let id = record.message_id.unwrap_or_else(hash);
    RejectedMessage {
        latest_message: id.clone(),
        id,
        count: 1,
        reason: format!("the record of this message has no {missing}; check that an SQS queue triggers the function"),
        body,
        arrived_at: now,
        rejected_at: now,
    }
}

/// The messages that SQS must deliver again (`ReportBatchItemFailures`). SQS deletes the others.
pub fn batch_item_failures(record_ids: Vec<String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    response.set_failures(record_ids);
    response
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// As in the AWS Lambda developer guide, "Using Lambda with Amazon SQS".
    fn record() -> Value {
        json!({
            "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
            "body": "{\"event\": \"Dance\", \"name\": \"Melvin\"}",
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1545082649183",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1545082649185"
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue",
            "awsRegion": "us-east-2"
        })
    }

    fn now() -> Timestamp {
        Timestamp::from_millis(1_545_082_700_000).unwrap()
    }

    fn parse(records: &[Value]) -> Batch {
        Batch::parse(serde_json::from_value(json!({ "Records": records })).unwrap(), now())
    }

    fn expected() -> Delivery {
        Delivery {
            message_id: "059f36b4-87a3-44ab-83d2-661975830a7d".into(),
            receipt: "059f36b4-87a3-44ab-83d2-661975830a7d".into(),
            body: r#"{"event": "Dance", "name": "Melvin"}"#.into(),
            arrived_at: Timestamp::from_millis(1_545_082_649_183).unwrap(),
            receive_count: 1,
            deferrals: Deferrals::default(),
        }
    }

    #[test]
    fn reads_a_record() {
        assert_eq!(parse(&[record()]), Batch { deliveries: vec![expected()], incomplete: Vec::new() });
    }

    #[test]
    fn reads_a_deferred_record() {
        let mut deferred = record();
        let text = |value: &str| json!({ "stringValue": value, "dataType": "String" });
        deferred["messageAttributes"] = json!({
            "origin_id": text("original"),
            "origin_arrived_at": text("1545000000000"),
            "attempts": text("3"),
            "early_attempts": text("1"),
        });

        let expected = Delivery {
            message_id: "original".into(),
            arrived_at: Timestamp::from_millis(1_545_000_000_000).unwrap(),
            deferrals: Deferrals { attempts: 3, early_attempts: 1 },
            ..expected()
        };
        assert_eq!(parse(&[deferred]).deliveries, [expected]);
    }

    #[test]
    fn incomplete_record_is_rejected_alone() {
        let mut nameless = record();
        nameless.as_object_mut().unwrap().remove("messageId");
        let mut timeless = record();
        timeless["attributes"]["SentTimestamp"] = json!("yesterday");

        let batch = parse(&[nameless.clone(), record(), timeless]);

        assert_eq!(batch.deliveries, [expected()]);
        let [nameless_reject, timeless_reject] = &batch.incomplete[..] else { panic!("{batch:?}") };
        assert_eq!((nameless_reject.id.len(), &nameless_reject.body), (32, &expected().body));
        assert!(nameless_reject.reason.contains("no messageId"), "{}", nameless_reject.reason);
        assert_eq!(timeless_reject.id, expected().message_id);
        assert!(timeless_reject.reason.contains("no SentTimestamp"), "{}", timeless_reject.reason);
        assert_eq!(parse(&[nameless]).incomplete[0].id, nameless_reject.id, "a repeat has the same id");
    }

    #[test]
    fn response_lists_the_failures() {
        let response = batch_item_failures(vec!["throttled".to_owned()]);
        assert_eq!(
            serde_json::to_value(response).unwrap(),
            json!({ "batchItemFailures": [{ "itemIdentifier": "throttled" }] })
        );
    }
}
