//! The Signups queue.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// A message as the queue hands it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The same at every delivery of a message; printable ASCII.
    pub message_id: String,
    /// What settles or returns this delivery.
    pub receipt: String,
    pub body: String,
    /// When the queue took the message.
    pub arrived_at: Timestamp,
    /// How often it was handed out, this time included.
    pub receive_count: u32,
}

/// How many messages wait or are being worked on, and since when the oldest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    pub messages: u64,
    /// Where the backend can tell; SQS shows it in its metrics alone.
    pub oldest: Option<Timestamp>,
}

/// How often a message is handed out before it goes to the rejects.
pub const MAX_RECEIVES: u32 = 5;

/// The Signups queue: at least once, in no particular order.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Puts messages on the queue. After a failure some may be on it; sent again they come twice, which harms nobody.
    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable>;

    /// Hands out at most `limit` messages, none of which is handed out again before the backend's
    /// visibility timeout; waits a while for one to come. One that was handed out [`MAX_RECEIVES`] times goes to the rejects instead.
    async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable>;

    /// Takes done messages off the queue.
    async fn ack(&self, receipts: Vec<String>) -> Result<(), Unavailable>;

    /// Hands messages back, to be handed out again after their delay.
    async fn nack(&self, deliveries: Vec<Nack>) -> Result<(), Unavailable>;

    async fn depth(&self) -> Result<Depth, Unavailable>;
}

#[derive(Debug, Clone)]
pub struct Nack {
    pub receipt: String,
    pub delay: Duration,
    /// What went wrong, for whoever looks at the queue; kept where the backend can.
    pub why: String,
}
