//! The port that calls webhooks.

use async_trait::async_trait;
use url::Url;

use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::OptIn;
use crate::ports::SendError;

/// A request to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookCall {
    /// Stays the same when the call is retried.
    pub id: String,
    pub contact: ContactId,
    pub to: Url,
    /// A CloudEvent 1.0 in its JSON format.
    pub body: String,
}

/// Calls webhooks.
#[async_trait]
pub trait WebhookCaller: Send + Sync {
    async fn call(&self, call: &WebhookCall) -> Result<(), SendError>;

    /// Sends `text` as a challenge. A webhook that returns `text` has opted in.
    async fn request_opt_in(&self, contact: &ContactId, to: &Url, text: &str) -> Result<Option<OptIn>, SendError>;
}
