//! Calls webhooks.

use async_trait::async_trait;
use url::Url;

use crate::domain::opt_in::{ContactId, OptIn};
use crate::ports::SendError;

/// A JSON document for one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The same if it is sent again.
    pub id: String,
    pub contact: ContactId,
    pub to: Url,
    /// A CloudEvent 1.0 in its JSON format.
    pub body: String,
}

#[async_trait]
pub trait WebhookCaller: Send + Sync {
    async fn call(&self, call: &Call) -> Result<(), SendError>;

    /// Asks whoever answers at an address to echo a text, which shows that they want to be called.
    async fn ask(&self, contact: &ContactId, to: &Url, text: &str) -> Result<Option<OptIn>, SendError>;
}
