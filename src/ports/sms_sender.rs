//! Sends text messages.

use async_trait::async_trait;

use crate::domain::opt_in::OptIn;
use crate::ports::SendError;

/// A text message to one phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// E.164.
    pub to: String,
    /// At most two segments, see [`gsm7::segments`](crate::notify::text::gsm7::segments).
    pub body: String,
}

/// Sends text messages.
#[async_trait]
pub trait SmsSender: Send + Sync {
    async fn send(&self, sms: &Sms) -> Result<(), SendError>;

    /// Sends an opt-in request. Returns the opt-in state if the provider already knows it for this number.
    async fn request_opt_in(&self, request: &Sms) -> Result<Option<OptIn>, SendError> {
        self.send(request).await.map(|()| None)
    }
}
