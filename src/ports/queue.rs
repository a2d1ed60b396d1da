//! The queue of sign-ups.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// A message as the queue delivers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The same at every delivery of a message; printable ASCII.
    pub message_id: String,
    /// Identifies this delivery in [`Queue::ack`] and [`Queue::nack`].
    pub receipt: String,
    pub body: String,
    /// When the queue accepted the message.
    pub arrived_at: Timestamp,
    /// How often the message was delivered, including this time.
    pub receive_count: u32,
}

/// The number of messages on the queue, including those in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    pub messages: u64,
    /// When the oldest message arrived. None on SQS, which has this only in its metrics.
    pub oldest: Option<Timestamp>,
}

/// Deliveries of a message after which it is rejected.
pub const MAX_RECEIVES: u32 = 5;

/// The queue of sign-ups. It delivers at least once, in no particular order.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Puts messages on the queue. After an error some of them may be on it. Sending all again is safe: duplicates change nothing.
    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable>;

    /// Delivers at most `limit` messages, and waits up to some seconds for the first. A message is not delivered again before
    /// the backend's visibility timeout ends. A message that was delivered [`MAX_RECEIVES`] times is rejected instead.
    async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable>;

    /// Deletes processed messages.
    async fn ack(&self, receipts: Vec<String>) -> Result<(), Unavailable>;

    /// Returns messages to the queue, to be delivered again after their delay.
    async fn nack(&self, deliveries: Vec<Nack>) -> Result<(), Unavailable>;

    async fn depth(&self) -> Result<Depth, Unavailable>;
}

/// A message to be delivered again.
#[derive(Debug, Clone)]
pub struct Nack {
    pub receipt: String,
    pub delay: Duration,
    /// Why the message failed, for an operator who inspects the queue. SQS cannot store it.
    pub why: String,
}
