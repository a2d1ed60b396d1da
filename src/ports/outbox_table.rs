//! An outbox in a database, whose messages can be listed.

use async_trait::async_trait;

use crate::domain::outbox_message::OutboxMessage;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Deletion, Depth, LastAttempt, Outbox, OutboxEntry, Unavailable};

/// A message in the outbox, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingMessage {
    pub id: String,
    pub message: OutboxMessage,
    /// When the message was put into the outbox.
    pub first_at: Timestamp,
    pub due_at: Timestamp,
    pub attempts: u32,
    /// Why the last attempt failed.
    pub last_failure: Option<String>,
}

/// Messages that are sent independently of the others, so that many digests do not delay what one person waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Opt-in requests, manage links, and news about seats.
    Direct,
    Digests,
}

/// The result of [`OutboxTable::retry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Retry {
    /// The message is due.
    Due,
    /// The message is not changed, because an attempt to send it is under way or has no known outcome.
    Attempted,
    NotFound,
}

/// An outbox as a table.
///
/// A message that is put into the outbox again while it is in it stays one message. Messages other than digests then
/// begin anew, and an attempt that has no outcome yet does not count. A digest is then about the
/// later announcement too, is tried again when it would have been, and is sent once more if an attempt is under way.
#[async_trait]
pub trait OutboxTable: Outbox {
    /// Returns the number of messages in the outbox, and when the oldest of them was put into it.
    async fn depth(&self) -> Result<Depth, Unavailable>;

    /// Returns at most `limit` messages with ids after `after`, in the order of their ids. Damaged ones are left out.
    async fn waiting(&self, limit: usize, after: Option<&str>) -> Result<Vec<WaitingMessage>, Unavailable>;

    /// Makes a message due at `now`.
    async fn retry(&self, id: &str, now: Timestamp) -> Result<Retry, Unavailable>;

    /// Removes a message, whether an attempt to send it is under way or not.
    async fn drop_message(&self, id: &str) -> Result<Deletion, Unavailable>;

    /// Claims at most `limit` messages of a lane that are due at `now`, for attempts that begin now. Those that were never
    /// attempted come first. Unless an outcome is stored, they are due again at `claimed_until`.
    async fn claim(
        &self,
        lane: Lane,
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
