//! What sends notifications.

use async_trait::async_trait;

use crate::domain::notification::Notification;
use crate::ports::Failure;

/// What brings notifications to people.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Brings one on its way; whether there was one to bring, since not everybody wants to hear. What may work later is
    /// given again, for a day.
    async fn notify(&self, notification: &Notification) -> Result<bool, Failure>;
}
