//! Messages that a registration can read again.

use async_trait::async_trait;

use crate::domain::registration::RegistrationKey;
use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// What was told to the stays of attendees, for them to read again.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Keeps a message for a stay, the latest of [`INBOX_MESSAGES`] of it; one of the same id stays as it is.
    async fn keep(&self, registration: &RegistrationKey, message: InboxMessage) -> Result<(), Unavailable>;

    /// The latest first.
    async fn messages(&self, registration: &RegistrationKey) -> Result<Vec<InboxMessage>, Unavailable>;
}

/// What an inbox keeps of one stay.
pub const INBOX_MESSAGES: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxMessage {
    pub id: String,
    pub at: Timestamp,
    pub text: String,
}
