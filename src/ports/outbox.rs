//! The outbox: direct messages that are still to be sent.

use async_trait::async_trait;

use crate::domain::direct_message::DirectMessage;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Deletion, Depth, Unavailable};

/// A message in the outbox that was claimed for an attempt to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    pub message: DirectMessage,
    /// When the message was put into the outbox.
    pub first_at: Timestamp,
    /// The number of attempts, including this one.
    pub attempts: u32,
    /// When the first of the earlier attempts began that may have sent the message without storing it, for example because
    /// the program stopped.
    pub unresolved_since: Option<Timestamp>,
    /// Identifies this claim.
    pub receipt: String,
}

/// A message in the outbox, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingMessage {
    pub id: String,
    pub message: DirectMessage,
    /// When the message was put into the outbox.
    pub first_at: Timestamp,
    pub due_at: Timestamp,
    pub attempts: u32,
    /// Why the last attempt failed.
    pub last_failure: Option<String>,
}

/// The result of [`Outbox::retry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Retry {
    /// The message is due.
    Due,
    /// The message is not changed, because an attempt to send it is under way or has no known outcome.
    Attempted,
    NotFound,
}

/// What is known about an attempt that did not send its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastAttempt {
    /// Nothing of it is left.
    Resolved,
    /// It may have stored that it sent the message.
    Unresolved,
}

/// The outbox. A message stays in it until an attempt to send it has an outcome.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Puts messages into the outbox. A message that is in it already begins anew, and an attempt to send it that has no
    /// outcome yet does not count.
    async fn put(&self, messages: Vec<DirectMessage>, now: Timestamp) -> Result<(), Unavailable>;

    /// Returns the number of messages in the outbox, and when the oldest of them was put into it.
    async fn depth(&self) -> Result<Depth, Unavailable>;

    /// Returns at most `limit` messages with ids after `after`, in the order of their ids. Damaged ones are left out.
    async fn waiting(&self, limit: usize, after: Option<&str>) -> Result<Vec<WaitingMessage>, Unavailable>;

    /// Makes a message due at `now`.
    async fn retry(&self, id: &str, now: Timestamp) -> Result<Retry, Unavailable>;

    /// Removes a message, whether an attempt to send it is under way or not.
    async fn drop_message(&self, id: &str) -> Result<Deletion, Unavailable>;

    /// Claims at most `limit` messages that are due at `now`, for attempts that begin now. Those that were never attempted
    /// come first. Unless an outcome is stored, they are due again at `claimed_until`.
    async fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        claimed_until: Timestamp,
    ) -> Result<Vec<OutboxEntry>, Unavailable>;

    /// Removes a message that was sent, or cannot be sent.
    async fn finish(&self, entry: &OutboxEntry) -> Result<(), Unavailable>;

    /// Stores that a message was not sent, and is due again at this time. The reason is for an operator who inspects the
    /// outbox.
    async fn defer(
        &self,
        entry: &OutboxEntry,
        due_at: Timestamp,
        last_attempt: LastAttempt,
        reason: &str,
    ) -> Result<(), Unavailable>;

    /// Stores that the attempt was not begun, so that the message is due at once.
    async fn release(&self, entry: &OutboxEntry) -> Result<(), Unavailable>;
}
