//! Messages that versions before the announcements stored for each registration.

use async_trait::async_trait;

use crate::domain::registration::RegistrationKey;
use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// Reads the messages of earlier versions. Nothing adds to them.
#[async_trait]
pub trait EarlierMessages: Send + Sync {
    /// Returns the messages to a registration, latest first.
    async fn earlier_messages(&self, registration: &RegistrationKey) -> Result<Vec<EarlierMessage>, Unavailable>;
}

/// A message to one registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierMessage {
    pub at: Timestamp,
    pub text: String,
}
