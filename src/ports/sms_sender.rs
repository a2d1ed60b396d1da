//! The port that sends text messages.

use async_trait::async_trait;

use crate::domain::opt_in::OptIn;
use crate::ports::SendError;

/// A text message to one phone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// The phone number in E.164 form, such as `+14155552671`.
    pub to: String,
    /// The text, at most two SMS segments long; see [`gsm7::segments`](crate::notify::text::gsm7::segments).
    pub body: String,
}

/// Sends text messages.
#[async_trait]
pub trait SmsSender: Send + Sync {
    async fn send(&self, sms: &Sms) -> Result<(), SendError>;

    /// Sends an opt-in request. Returns the opt-in if the provider already has one for this number.
    async fn request_opt_in(&self, request: &Sms) -> Result<Option<OptIn>, SendError> {
        self.send(request).await.map(|()| None)
    }
}
