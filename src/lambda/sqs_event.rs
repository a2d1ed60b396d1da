//! The event with which Lambda passes SQS messages to a function, and the function's answer.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};

use crate::domain::timestamp::Timestamp;
use crate::ingest::{Outcome, Processed};
use crate::ports::Delivery;

/// A record lacks an attribute. The invocation must fail, since SQS deletes every record that the answer does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("record {index} of the SQS event has no {attribute}; check that an SQS queue triggers the function")]
pub struct IncompleteRecord {
    pub index: usize,
    pub attribute: &'static str,
}

/// The records as deliveries, in their order. An absent body becomes an empty one, which is rejected later.
pub fn deliveries(event: SqsEvent) -> Result<Vec<Delivery>, IncompleteRecord> {
    event.records.into_iter().enumerate().map(|(index, record)| delivery(index, record)).collect()
}

fn delivery(index: usize, record: SqsMessage) -> Result<Delivery, IncompleteRecord> {
    let missing = |attribute| IncompleteRecord { index, attribute };
    let number = |attribute| record.attributes.get(attribute).and_then(|text| text.parse::<i64>().ok());
    let sent_at = number("SentTimestamp").and_then(|millis| Timestamp::from_millis(millis).ok());
    let receive_count = number("ApproximateReceiveCount").and_then(|count| u32::try_from(count).ok());
    Ok(Delivery {
        message_id: record.message_id.ok_or(missing("messageId"))?,
        receipt: record.receipt_handle.ok_or(missing("receiptHandle"))?,
        body: record.body.unwrap_or_default(),
        arrived_at: sent_at.ok_or(missing("SentTimestamp"))?,
        receive_count: receive_count.ok_or(missing("ApproximateReceiveCount"))?,
    })
}

/// The messages that SQS must deliver again (`ReportBatchItemFailures`). SQS deletes the others.
pub fn batch_item_failures(processed: Vec<Processed>) -> SqsBatchResponse {
    let retried = processed.into_iter().filter(|each| matches!(each.outcome, Outcome::Retry(_)));
    let mut response = SqsBatchResponse::default();
    response.set_failures(retried.map(|each| each.message_id));
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

    fn event(records: &[Value]) -> SqsEvent {
        serde_json::from_value(json!({ "Records": records })).unwrap()
    }

    #[test]
    fn reads_a_record() {
        let deliveries = deliveries(event(&[record()])).unwrap();
        assert_eq!(
            deliveries,
            [Delivery {
                message_id: "059f36b4-87a3-44ab-83d2-661975830a7d".into(),
                receipt: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...".into(),
                body: r#"{"event": "Dance", "name": "Melvin"}"#.into(),
                arrived_at: Timestamp::from_millis(1_545_082_649_183).unwrap(),
                receive_count: 1,
            }]
        );
    }

    #[test]
    fn rejects_incomplete_records() {
        for attribute in ["messageId", "receiptHandle"] {
            let mut without_attribute = record();
            without_attribute.as_object_mut().unwrap().remove(attribute);
            assert_eq!(
                deliveries(event(&[record(), without_attribute])),
                Err(IncompleteRecord { index: 1, attribute })
            );
        }
        let mut without_time = record();
        without_time["attributes"]["SentTimestamp"] = json!("yesterday");
        assert_eq!(deliveries(event(&[without_time])), Err(IncompleteRecord { index: 0, attribute: "SentTimestamp" }));
    }

    #[test]
    fn reports_only_retries() {
        let processed =
            |message_id: &str, outcome| Processed { message_id: message_id.into(), receipt: String::new(), outcome };
        let response = batch_item_failures(vec![
            processed("stored", Outcome::Stored),
            processed("throttled", Outcome::Retry("throttled".into())),
            processed("poison", Outcome::Rejected("no name".into())),
            processed("duplicate", Outcome::Duplicate),
        ]);
        assert_eq!(
            serde_json::to_value(response).unwrap(),
            json!({ "batchItemFailures": [{ "itemIdentifier": "throttled" }] })
        );
    }
}
