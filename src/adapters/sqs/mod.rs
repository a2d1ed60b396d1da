//! Queues on SQS: of sign-ups, and the outbox.

mod batch;
pub mod origin;
mod outbox;

use std::time::Duration;
use tokio::time::{Instant, sleep};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};

use self::batch::{batches, escape_noncharacters};
pub use self::outbox::SqsOutbox;
use crate::adapters::aws::error::unavailable;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Deferral, Deferrals, Delivery, Depth, Queue, Unavailable};

/// Entries in one batch call, and messages in one receive call (SQS quotas, "Message quotas").
const MAX_BATCH_ENTRIES: usize = 10;

/// 15 minutes (SQS quotas, "Message timers").
const MAX_DELAY: Duration = Duration::from_secs(15 * 60);

/// How long [`Queue::send`] sends again what SQS did not take. Somebody waits for the answer.
const SEND_RETRY_TIME: Duration = Duration::from_secs(1);
/// The time before a message is sent again. It doubles each time, up to the maximum.
const INITIAL_SEND_DELAY: Duration = Duration::from_millis(100);
const MAX_SEND_DELAY: Duration = Duration::from_secs(5);

const SENDING: &str = "writing to the queue";
const RECEIVING: &str = "reading the queue";
const DELETING: &str = "deleting messages from the queue";
const DEFERRING: &str = "returning messages to the queue";

/// A client of one queue. SQS moves a message that was received too often to the dead-letter queue.
#[derive(Debug, Clone)]
pub struct Sqs {
    client: Client,
    url: String,
    /// The queue to which deferred messages are sent.
    deferred_to: String,
    /// How long a receive call waits for the first message. It is shorter than the SDK's timeout for one attempt.
    wait_time: Duration,
}

impl Sqs {
    /// `url` is the queue's URL, which `aws sqs get-queue-url` prints.
    pub fn new(config: &SdkConfig, url: impl Into<String>) -> Self {
        let url = url.into();
        Self { client: Client::new(config), deferred_to: url.clone(), url, wait_time: Duration::from_secs(1) }
    }

    /// A dead-letter queue. A deferred message returns to the queue at `source_url`, from which it came.
    pub fn dead_letters(config: &SdkConfig, url: impl Into<String>, source_url: impl Into<String>) -> Self {
        Self { deferred_to: source_url.into(), ..Self::new(config, url) }
    }

    /// Sends deferred messages again, with their delay and the attributes of their original. The results have the order of
    /// the deferrals. The received messages stay on their queue.
    pub async fn resend(&self, deferrals: &[Deferral]) -> Vec<Result<(), Unavailable>> {
        let mut results = Vec::with_capacity(deferrals.len());
        for batch in batches(deferrals, |deferral| deferral.delivery.body.len() + origin::MAX_BYTES) {
            results.extend(self.resend_batch(batch).await);
        }
        results
    }

    async fn resend_batch(&self, batch: &[Deferral]) -> Vec<Result<(), Unavailable>> {
        let entries = build_entries(DEFERRING, batch.iter().enumerate().map(resend_entry));
        let sent = match entries {
            Ok(entries) => {
                let send = self.client.send_message_batch().queue_url(&self.deferred_to).set_entries(Some(entries));
                send.send().await.map_err(|error| unavailable(DEFERRING, &error))
            }
            Err(unavailable) => Err(unavailable),
        };
        let failed = match sent {
            Ok(sent) => sent.failed,
            Err(unavailable) => return vec![Err(unavailable); batch.len()],
        };
        results(batch.len(), &failed)
    }

    /// Sends messages like [`Queue::send`]. What SQS does not take, for example because it limits the calls, is sent again until
    /// the deadline. A message may be sent twice, which changes nothing.
    pub async fn send_until(&self, bodies: &[String], deadline: Instant) -> Result<(), Unavailable> {
        for batch in batches(bodies, |body| escape_noncharacters(body).len()) {
            let mut rest: Vec<&String> = batch.iter().collect();
            let mut delay = INITIAL_SEND_DELAY;
            loop {
                let unavailable = match self.send_batch(&rest).await {
                    Ok(failed) if failed.is_empty() => break,
                    Ok(failed) => {
                        // SQS calls a message that it never takes a sender fault.
                        let reason = failed.iter().find(|failed| failed.sender_fault).unwrap_or(&failed[0]);
                        let unavailable = entry_error(SENDING, reason.code(), reason.message());
                        if reason.sender_fault {
                            return Err(unavailable);
                        }
                        let indexes = failed.iter().filter_map(|failed| failed.id().parse::<usize>().ok());
                        rest = indexes.filter_map(|index| rest.get(index).copied()).collect();
                        unavailable
                    }
                    Err(unavailable) => unavailable,
                };
                if Instant::now() + delay >= deadline {
                    return Err(unavailable);
                }
                sleep(delay).await;
                delay = (delay * 2).min(MAX_SEND_DELAY);
            }
        }
        Ok(())
    }

    /// Sends at most ten messages. Returns those that SQS did not take, by their indexes.
    async fn send_batch(&self, batch: &[&String]) -> Result<Vec<BatchResultErrorEntry>, Unavailable> {
        if let [body] = batch {
            let send = self.client.send_message().queue_url(&self.url).message_body(escape_noncharacters(body));
            send.send().await.map_err(|error| unavailable(SENDING, &error))?;
            return Ok(Vec::new());
        }
        let entries = batch.iter().enumerate().map(|(index, body)| {
            let entry = SendMessageBatchRequestEntry::builder().id(index.to_string());
            entry.message_body(escape_noncharacters(body)).build()
        });
        let entries = build_entries(SENDING, entries)?;
        let send = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        Ok(send.send().await.map_err(|error| unavailable(SENDING, &error))?.failed)
    }

    /// Like [`Queue::receive`], but does not wait for a message.
    pub async fn receive_now(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable> {
        self.receive_within(limit, Duration::ZERO).await
    }

    async fn receive_within(&self, limit: usize, wait_time: Duration) -> Result<Vec<Delivery>, Unavailable> {
        let mut received = self.receive_batch(limit, wait_time).await?;
        let mut is_full = received.len() == MAX_BATCH_ENTRIES;
        while is_full && received.len() < limit {
            // An error must not hide the messages received before it.
            let more = self.receive_batch(limit - received.len(), Duration::ZERO).await.unwrap_or_default();
            is_full = more.len() == MAX_BATCH_ENTRIES;
            received.extend(more);
        }
        Ok(received)
    }

    /// Receives at most ten messages.
    async fn receive_batch(&self, limit: usize, wait_time: Duration) -> Result<Vec<Delivery>, Unavailable> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(limit.clamp(1, MAX_BATCH_ENTRIES)).expect("it is at most ten"))
            .wait_time_seconds(i32::try_from(wait_time.as_secs()).expect("it is a few seconds"))
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .set_message_attribute_names(Some(origin::NAMES.map(str::to_owned).to_vec()))
            .send()
            .await
            .map_err(|error| unavailable(RECEIVING, &error))?;
        received.messages.unwrap_or_default().into_iter().map(delivery).collect()
    }
}

#[async_trait]
impl Queue for Sqs {
    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable> {
        self.send_until(&bodies, Instant::now() + SEND_RETRY_TIME).await
    }

    async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable> {
        self.receive_within(limit, self.wait_time).await
    }

    async fn ack(&self, receipts: Vec<String>) -> Result<(), Unavailable> {
        for batch in receipts.chunks(MAX_BATCH_ENTRIES) {
            let entries = batch.iter().enumerate().map(|(index, receipt)| {
                DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(receipt).build()
            });
            let entries = build_entries(DELETING, entries)?;
            let delete = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
            let deleted = delete.send().await.map_err(|error| unavailable(DELETING, &error))?;
            // SQS calls an outdated receipt a sender fault: the message was deleted or delivered again.
            if let Some(failed) = deleted.failed.iter().find(|failed| !failed.sender_fault) {
                return Err(entry_error(DELETING, failed.code(), failed.message()));
            }
        }
        Ok(())
    }

    /// The copy is sent before the received message is deleted, so no message is lost in between. Duplicates change nothing.
    async fn defer(&self, deferrals: Vec<Deferral>) -> Vec<Result<(), Unavailable>> {
        let mut results = self.resend(&deferrals).await;
        let sent = deferrals.iter().zip(&results).filter(|(_, result)| result.is_ok());
        let receipts = sent.map(|(deferral, _)| deferral.delivery.receipt.clone()).collect();
        if let Err(unavailable) = self.ack(receipts).await {
            for result in results.iter_mut().filter(|result| result.is_ok()) {
                *result = Err(unavailable.clone());
            }
        }
        results
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

    /// SQS has no state in which it can be read but not written.
    async fn check_writable(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}

/// SQS delivers a message without these attributes again after its visibility timeout, and finally moves it to the
/// dead-letter queue.
fn delivery(message: Message) -> Result<Delivery, Unavailable> {
    let number = |name| message.attributes.as_ref()?.get(&name)?.parse::<i64>().ok();
    let sent_at = number(MessageSystemAttributeName::SentTimestamp);
    let receive_count = number(MessageSystemAttributeName::ApproximateReceiveCount);
    let attributes = message.message_id.zip(message.receipt_handle).zip(sent_at).zip(receive_count);
    let Some((((message_id, receipt), sent_at), receive_count)) = attributes else {
        return Err(Unavailable {
            doing: RECEIVING,
            cause: "SQS delivered a message without its attributes".to_owned(),
        });
    };
    let mut delivery = Delivery {
        message_id,
        receipt,
        body: message.body.unwrap_or_default(),
        arrived_at: Timestamp::from_millis(sent_at)
            .map_err(|error| Unavailable { doing: RECEIVING, cause: error.to_string() })?,
        receive_count: u32::try_from(receive_count).unwrap_or(u32::MAX),
        deferrals: Deferrals::default(),
    };
    let attributes = message.message_attributes.unwrap_or_default();
    origin::restore(&mut delivery, |name| attributes.get(name)?.string_value());
    Ok(delivery)
}

fn resend_entry((index, deferral): (usize, &Deferral)) -> Result<SendMessageBatchRequestEntry, BuildError> {
    let mut entry = SendMessageBatchRequestEntry::builder()
        .id(index.to_string())
        .message_body(escape_noncharacters(&deferral.delivery.body))
        .delay_seconds(whole_seconds(deferral.delay));
    for (name, value) in origin::attributes(deferral) {
        let value = MessageAttributeValue::builder().data_type("String").string_value(value).build()?;
        entry = entry.message_attributes(name, value);
    }
    entry.build()
}

/// Returns the result of each deferral of a batch. The id of an entry is its index.
fn results(batch_len: usize, failed: &[BatchResultErrorEntry]) -> Vec<Result<(), Unavailable>> {
    let result = |index: usize| match failed.iter().find(|failed| failed.id() == index.to_string()) {
        Some(failed) => Err(entry_error(DEFERRING, failed.code(), failed.message())),
        None => Ok(()),
    };
    (0..batch_len).map(result).collect()
}

fn whole_seconds(delay: Duration) -> i32 {
    let seconds = delay.min(MAX_DELAY).as_millis().div_ceil(1_000);
    i32::try_from(seconds).expect("15 minutes fit 32 bits")
}

fn build_entries<T>(
    doing: &'static str,
    entries: impl Iterator<Item = Result<T, BuildError>>,
) -> Result<Vec<T>, Unavailable> {
    entries.collect::<Result<_, _>>().map_err(|error| Unavailable { doing, cause: error.to_string() })
}

fn entry_error(doing: &'static str, code: &str, message: Option<&str>) -> Unavailable {
    Unavailable { doing, cause: format!("{code}: {}", message.unwrap_or("SQS gave no reason")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_entry_fails_only_its_message() {
        let failed =
            BatchResultErrorEntry::builder().id("1").code("InternalError").sender_fault(false).build().unwrap();
        let reasons: Vec<_> =
            results(3, &[failed]).into_iter().map(|result| result.err().map(|error| error.cause)).collect();
        assert_eq!(reasons, [None, Some("InternalError: SQS gave no reason".to_owned()), None]);
    }

    #[test]
    fn delays_are_rounded_up_to_the_maximum() {
        assert_eq!(whole_seconds(Duration::ZERO), 0);
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(u64::MAX)), 900);
    }
}
