//! Sends text messages.

use async_trait::async_trait;

use crate::domain::opt_in::OptIn;
use crate::ports::SendError;

/// A text message to one phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// E.164.
    pub to: String,
    /// At most two segments, see [`gsm7::segments`](crate::notify::text::gsm7::segments).
    pub body: String,
}

/// Sends text messages.
#[async_trait]
pub trait SmsSender: Send + Sync {
    async fn text(&self, text: &Text) -> Result<(), SendError>;

    /// Sends an opt-in request. A provider that knows the answer already returns it.
    async fn ask(&self, question: &Text) -> Result<Option<OptIn>, SendError> {
        self.text(question).await.map(|()| None)
    }
}
