//! The queue of sign-ups.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// One delivery of a message from the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The id of the original message: the same at every delivery, even after the message was deferred. Printable ASCII.
    pub message_id: String,
    /// Identifies this delivery in [`Queue::ack`].
    pub receipt: String,
    pub body: String,
    /// When the queue accepted the original message.
    pub arrived_at: Timestamp,
    /// How often the message was received without an outcome, including this time. It grows only if the program crashes,
    /// is stopped or runs out of time.
    pub receive_count: u32,
    pub deferrals: Deferrals,
}

/// How often a message was deferred, by cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deferrals {
    /// After a transient failure. There is no maximum.
    pub attempts: u32,
    /// Because the registration that the request refers to did not exist yet.
    pub early_attempts: u32,
}

impl Deferrals {
    pub fn total(self) -> u32 {
        self.attempts.saturating_add(self.early_attempts)
    }
}

/// The number of messages on the queue or in the outbox, and when the oldest of them arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Includes messages in flight: delivered, but not yet acknowledged.
    pub messages: u64,
    /// When the oldest message arrived. Always `None` on SQS, which reports the age only as a metric.
    pub oldest: Option<Timestamp>,
}

/// Receives without an outcome after which a message is a dead letter.
pub const MAX_RECEIVES: u32 = 5;

/// Why a message is rejected that never had an outcome.
pub const STOPPED_REASON: &str = "the program stopped on this message each time it tried to process it";

/// The queue of sign-ups. It delivers at least once, in no particular order.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Puts messages on the queue. If this fails, some of them may have been stored. The caller can safely send all of
    /// them again, since a duplicate message has no effect.
    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable>;

    /// Delivers at most `limit` messages. If the queue is empty, waits a few seconds for a message. A delivered message is
    /// not delivered again before its visibility timeout ends. A message that was received [`MAX_RECEIVES`] times without
    /// an outcome becomes a dead letter or a rejected message instead.
    async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable>;

    /// Deletes processed messages.
    async fn ack(&self, receipts: Vec<String>) -> Result<(), Unavailable>;

    /// Returns messages to the queue, to be delivered again after their delay with the same id and time of arrival. The
    /// results have the order of the deferrals. A message whose deferral failed is delivered again after the visibility
    /// timeout.
    async fn defer(&self, deferrals: Vec<Deferral>) -> Vec<Result<(), Unavailable>>;

    async fn depth(&self) -> Result<Depth, Unavailable>;

    /// Returns an error if the queue is known not to accept messages, for example because the disk is full. Writes nothing.
    async fn check_writable(&self) -> Result<(), Unavailable>;
}

/// A message that is returned to the queue.
#[derive(Debug, Clone)]
pub struct Deferral {
    pub delivery: Delivery,
    /// The counts after this deferral.
    pub deferrals: Deferrals,
    /// At most 15 minutes (SQS, "Message timers").
    pub delay: Duration,
    /// Why the message is deferred, for an operator who inspects the queue. SQS does not store it.
    pub reason: String,
}
