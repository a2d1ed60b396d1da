//! The outbox: messages to single contacts that are still to be sent.

use async_trait::async_trait;

use crate::domain::outbox_message::OutboxMessage;
use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// A message of the outbox, for one attempt to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    pub message: OutboxMessage,
    /// When the message was put into the outbox.
    pub first_at: Timestamp,
    /// The number of attempts, including this one.
    pub attempts: u32,
    /// If an earlier attempt may have sent the message without storing it, for example because the program stopped: a time
    /// that is not later than the beginning of that attempt.
    pub unresolved_since: Option<Timestamp>,
    /// Identifies this attempt.
    pub receipt: String,
}

/// What is known about an attempt that did not send its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastAttempt {
    /// Nothing of it is left.
    Resolved,
    /// It may have sent the message, or stored that it did.
    Unresolved,
    /// A limit did not permit the attempt. It does not count.
    NotMade,
}

/// The outbox. A message stays in it until an attempt to send it has an outcome.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Puts messages into the outbox. If this fails, some of them may be in it. It is safe to repeat.
    async fn put(&self, messages: Vec<OutboxMessage>, now: Timestamp) -> Result<(), Unavailable>;
}
