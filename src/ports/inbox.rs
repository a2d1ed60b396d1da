//! The inbox: messages to a registration, shown on the page at its personal link.

use async_trait::async_trait;

use crate::domain::registration::RegistrationKey;
use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// Stores the messages to each registration.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Adds a message unless one with the same id is stored, and deletes all but the latest [`MAX_INBOX_MESSAGES`].
    async fn keep(&self, registration: &RegistrationKey, message: InboxMessage) -> Result<(), Unavailable>;

    /// Returns the messages to a registration, latest first.
    async fn messages(&self, registration: &RegistrationKey) -> Result<Vec<InboxMessage>, Unavailable>;
}

/// The maximum number of messages that are stored for one registration.
pub const MAX_INBOX_MESSAGES: usize = 20;

/// A message in the inbox of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxMessage {
    pub id: String,
    pub at: Timestamp,
    pub text: String,
}
