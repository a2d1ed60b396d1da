//! The queue of sign-ups.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// One delivery of a message from the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Identifies the message, in printable ASCII. Every delivery of the message has the same id.
    pub message_id: String,
    /// Identifies this delivery in [`Queue::ack`] and [`Queue::nack`].
    pub receipt: String,
    pub body: String,
    /// When the queue accepted the message.
    pub arrived_at: Timestamp,
    /// The number of deliveries of this message so far, including this one.
    pub receive_count: u32,
}

/// The number of messages on the queue, and when the oldest of them arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Includes messages in flight: delivered, but not yet acknowledged.
    pub messages: u64,
    /// When the oldest message arrived. Always `None` on SQS, which reports the age only as a metric.
    pub oldest: Option<Timestamp>,
}

/// The number of times a message is delivered before it is rejected.
pub const MAX_RECEIVES: u32 = 5;

/// The queue of sign-ups. It delivers each message at least once, in no particular order.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Puts messages on the queue. If this fails, some of them may have been stored. The caller can safely send all of
    /// them again, since a duplicate message has no effect.
    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable>;

    /// Delivers at most `limit` messages. If the queue is empty, waits a few seconds for a message. A delivered
    /// message is not delivered again before its visibility timeout ends. A message that was already delivered
    /// [`MAX_RECEIVES`] times is rejected instead.
    async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable>;

    /// Deletes processed messages.
    async fn ack(&self, receipts: Vec<String>) -> Result<(), Unavailable>;

    /// Returns messages to the queue. Each is delivered again after its delay.
    async fn nack(&self, deliveries: Vec<Nack>) -> Result<(), Unavailable>;

    async fn depth(&self) -> Result<Depth, Unavailable>;
}

/// A message that is returned to the queue.
#[derive(Debug, Clone)]
pub struct Nack {
    pub receipt: String,
    pub delay: Duration,
    /// Why processing failed, for an operator who inspects the queue. It is lost on SQS, which cannot store it.
    pub why: String,
}
