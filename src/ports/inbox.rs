//! Messages that are shown on personal pages.

use async_trait::async_trait;

use crate::domain::registration::RegistrationKey;
use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// Messages to registrations, kept for their personal pages.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Adds a message unless one with the same id is stored. Only the latest [`INBOX_MESSAGES`] are kept.
    async fn keep(&self, registration: &RegistrationKey, message: InboxMessage) -> Result<(), Unavailable>;

    /// The messages of a registration, latest first.
    async fn messages(&self, registration: &RegistrationKey) -> Result<Vec<InboxMessage>, Unavailable>;
}

/// Messages kept for one registration.
pub const INBOX_MESSAGES: usize = 20;

/// A message on a personal page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxMessage {
    pub id: String,
    pub at: Timestamp,
    pub text: String,
}
