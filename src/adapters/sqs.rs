//! The Signups queue on SQS.

use std::borrow::Cow;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};

use crate::adapters::aws::error::unavailable;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Delivery, Depth, Nack, Queue, Unavailable};

/// Entries in one batch call, and messages of one receive, at the most (SQS quotas, "Message quotas").
const ENTRIES: usize = 10;

/// Bytes of all bodies in one batch call, at the most: what SQS takes everywhere (SQS quotas; 1 MiB where it is newer).
const BATCH_BYTES: usize = 256 * 1024;

/// The longest a message may be kept from others (SQS quotas, "Message visibility timeout").
const LONGEST_DELAY: Duration = Duration::from_secs(12 * 60 * 60);

const SENDING: &str = "writing to the queue";
const RECEIVING: &str = "reading the queue";
const SETTLING: &str = "settling messages of the queue";
const GIVING_BACK: &str = "giving messages back to the queue";

/// A client of one queue. What SQS hands out too often, it moves to the dead-letter queue by itself.
#[derive(Debug, Clone)]
pub struct Sqs {
    client: Client,
    url: String,
    /// How long a receive waits for a message to come: below the clients' timeout for one try.
    wait: Duration,
}

impl Sqs {
    /// `url` as `aws sqs get-queue-url` says it.
    pub fn new(config: &SdkConfig, url: impl Into<String>) -> Self {
        Self { client: Client::new(config), url: url.into(), wait: Duration::from_secs(1) }
    }

    /// Hands out at most ten messages.
    async fn receive_some(&self, limit: usize, wait: Duration) -> Result<Vec<Delivery>, Unavailable> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(limit.clamp(1, ENTRIES)).expect("ten at the most"))
            .wait_time_seconds(i32::try_from(wait.as_secs()).expect("a few seconds"))
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .send()
            .await
            .map_err(|error| unavailable(RECEIVING, &error))?;
        received.messages.unwrap_or_default().into_iter().map(delivery).collect()
    }
}

#[async_trait]
impl Queue for Sqs {
    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable> {
        for batch in batches(&bodies) {
            if let [body] = batch {
                let send = self.client.send_message().queue_url(&self.url).message_body(sendable(body));
                send.send().await.map_err(|error| unavailable(SENDING, &error))?;
                continue;
            }
            let entries = batch.iter().enumerate().map(|(index, body)| {
                let entry = SendMessageBatchRequestEntry::builder().id(index.to_string());
                entry.message_body(sendable(body)).build()
            });
            let entries = built(SENDING, entries)?;
            let send = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
            let sent = send.send().await.map_err(|error| unavailable(SENDING, &error))?;
            if let Some(failed) = sent.failed.first() {
                return Err(refused(SENDING, failed.code(), failed.message()));
            }
        }
        Ok(())
    }

    async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable> {
        let mut received = self.receive_some(limit, self.wait).await?;
        let mut is_full = received.len() == ENTRIES;
        while is_full && received.len() < limit {
            // A failure must not hide what was handed out already.
            let more = self.receive_some(limit - received.len(), Duration::ZERO).await.unwrap_or_default();
            is_full = more.len() == ENTRIES;
            received.extend(more);
        }
        Ok(received)
    }

    async fn ack(&self, receipts: Vec<String>) -> Result<(), Unavailable> {
        for batch in receipts.chunks(ENTRIES) {
            let entries = batch.iter().enumerate().map(|(index, receipt)| {
                DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(receipt).build()
            });
            let entries = built(SETTLING, entries)?;
            let delete = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
            let deleted = delete.send().await.map_err(|error| unavailable(SETTLING, &error))?;
            // A receipt that is out of date is the sender's fault: the message was settled, or handed out again.
            if let Some(failed) = deleted.failed.iter().find(|failed| !failed.sender_fault) {
                return Err(refused(SETTLING, failed.code(), failed.message()));
            }
        }
        Ok(())
    }

    async fn nack(&self, deliveries: Vec<Nack>) -> Result<(), Unavailable> {
        for batch in deliveries.chunks(ENTRIES) {
            let entries = batch.iter().enumerate().map(|(index, given_back)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(&given_back.receipt)
                    .visibility_timeout(whole_seconds(given_back.delay))
                    .build()
            });
            let entries = built(GIVING_BACK, entries)?;
            let change = self.client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
            let changed = change.send().await.map_err(|error| unavailable(GIVING_BACK, &error))?;
            if let Some(failed) = changed.failed.iter().find(|failed| !failed.sender_fault) {
                return Err(refused(GIVING_BACK, failed.code(), failed.message()));
            }
        }
        Ok(())
    }

    async fn depth(&self) -> Result<Depth, Unavailable> {
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let attributes = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .set_attribute_names(Some(counts.to_vec()))
            .send()
            .await
            .map_err(|error| unavailable(RECEIVING, &error))?
            .attributes
            .unwrap_or_default();
        let messages = counts.iter().filter_map(|count| attributes.get(count)?.parse::<u64>().ok()).sum();
        Ok(Depth { messages, oldest: None })
    }
}

/// A message without what makes it a delivery comes again after its visibility timeout, and in the end among the
/// dead letters.
fn delivery(message: Message) -> Result<Delivery, Unavailable> {
    let number = |name| message.attributes.as_ref()?.get(&name)?.parse::<i64>().ok();
    let sent_at = number(MessageSystemAttributeName::SentTimestamp);
    let receive_count = number(MessageSystemAttributeName::ApproximateReceiveCount);
    let whole = message.message_id.zip(message.receipt_handle).zip(sent_at).zip(receive_count);
    let Some((((message_id, receipt), sent_at), receive_count)) = whole else {
        return Err(Unavailable { doing: RECEIVING, cause: "SQS gave a message without its attributes".to_owned() });
    };
    Ok(Delivery {
        message_id,
        receipt,
        body: message.body.unwrap_or_default(),
        arrived_at: Timestamp::from_millis(sent_at)
            .map_err(|problem| Unavailable { doing: RECEIVING, cause: problem.to_string() })?,
        receive_count: u32::try_from(receive_count).unwrap_or(u32::MAX),
    })
}

/// Cuts the bodies so that each cut fits one call.
fn batches(bodies: &[String]) -> impl Iterator<Item = &[String]> {
    let mut rest = bodies;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |body: &&String| {
            bytes += sendable(body).len();
            bytes <= BATCH_BYTES
        };
        // One that is too large goes alone, and SQS says so.
        let count = rest.iter().take(ENTRIES).take_while(fits).count().max(1);
        let (batch, others) = rest.split_at_checked(count)?;
        rest = others;
        Some(batch)
    })
}

/// SQS takes what XML 1.0 takes: no U+FFFE and U+FFFF (SendMessage, "Important"). In a body, which is JSON, an escape
/// says the same; other characters that SQS refuses are escaped in JSON anyway.
fn sendable(body: &str) -> Cow<'_, str> {
    if body.contains(['\u{fffe}', '\u{ffff}']) {
        Cow::Owned(body.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
    } else {
        Cow::Borrowed(body)
    }
}

fn whole_seconds(delay: Duration) -> i32 {
    let seconds = delay.min(LONGEST_DELAY).as_millis().div_ceil(1_000);
    i32::try_from(seconds).expect("half a day fits")
}

fn built<T>(doing: &'static str, entries: impl Iterator<Item = Result<T, BuildError>>) -> Result<Vec<T>, Unavailable> {
    entries.collect::<Result<_, _>>().map_err(|error| Unavailable { doing, cause: error.to_string() })
}

fn refused(doing: &'static str, code: &str, message: Option<&str>) -> Unavailable {
    Unavailable { doing, cause: format!("{code}: {}", message.unwrap_or("without a word")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(bodies: &[String]) -> Vec<usize> {
        batches(bodies).map(<[String]>::len).collect()
    }

    #[test]
    fn every_call_is_within_the_limits_of_sqs() {
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&vec!["{}".to_owned(); 25]), [10, 10, 5]);
        let large = "x".repeat(100 * 1024);
        assert_eq!(sizes(&vec![large; 5]), [2, 2, 1]);
        let too_large = "x".repeat(300 * 1024);
        assert_eq!(sizes(&["{}".to_owned(), too_large, "{}".to_owned()]), [1, 1, 1]);
    }

    #[test]
    fn what_sqs_refuses_is_said_with_an_escape() {
        let body = "{\"name\": \"A\u{fffe}\u{ffff}\"}";
        assert_eq!(sendable(body), r#"{"name": "A\ufffe\uffff"}"#);
        let same: serde_json::Value = serde_json::from_str(&sendable(body)).unwrap();
        assert_eq!(same, serde_json::from_str::<serde_json::Value>(body).unwrap());
        assert!(matches!(sendable(r#"{"name": "Ana 👋"}"#), Cow::Borrowed(_)));
    }

    #[test]
    fn a_delay_is_never_cut_short_and_never_too_long() {
        assert_eq!(whole_seconds(Duration::ZERO), 0);
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(u64::MAX)), 43_200);
    }
}
