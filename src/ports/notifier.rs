//! The port that sends notifications.

use async_trait::async_trait;

use crate::domain::notification::Notification;
use crate::ports::SendError;

/// The result of a notification that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Notified {
    Sent,
    /// The recipient has not opted in, or no sender for this kind of contact is configured.
    NotWanted,
}

/// Sends notifications.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Sends one notification. If this fails with a transient error, the caller retries for a day.
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError>;
}
