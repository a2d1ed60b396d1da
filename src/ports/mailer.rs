//! The port that sends email.

use async_trait::async_trait;
use url::Url;

use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::OptIn;
use crate::ports::SendError;

/// A plain-text email to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Becomes the `Message-ID`. It stays the same when the email is retried.
    pub id: String,
    pub contact: ContactId,
    /// The email address, in the form of [`Contact::Email`](crate::domain::contact::Contact::Email).
    pub to: String,
    /// The subject, without line breaks.
    pub subject: String,
    /// The body. Each line ends with `\n`.
    pub body: String,
    /// The URL for one-click unsubscription (RFC 8058).
    pub unsubscribe: Option<Url>,
}

/// Sends email.
#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, mail: &Mail) -> Result<(), SendError>;

    /// Sends an opt-in request. Returns the opt-in if the provider already has one for this address.
    async fn request_opt_in(&self, request: &Mail) -> Result<Option<OptIn>, SendError> {
        self.send(request).await.map(|()| None)
    }
}
