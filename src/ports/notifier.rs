//! What sends notifications.

use async_trait::async_trait;

use crate::domain::notification::Notification;
use crate::ports::SendError;

/// What became of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Notified {
    Sent,
    /// The recipient wants none, or there is no way to send it.
    NotWanted,
}

/// What sends notifications.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Brings one on its way; whether there was one to bring, since not everybody wants to hear. What may work later is
    /// given again, for a day.
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError>;
}
