//! The port that sends email.

use async_trait::async_trait;
use url::Url;

use crate::domain::contact_id::ContactId;
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

/// How the owner of an address was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// With the link in the request.
    WithLink,
    /// By the provider, which delivers nothing before the owner has agreed.
    ByProvider,
}

/// Sends email.
#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, mail: &Mail) -> Result<(), SendError>;

    /// Sends the first opt-in request to an address.
    async fn request_opt_in(&self, request: &Mail) -> Result<Asked, SendError> {
        self.send(request).await.map(|()| Asked::WithLink)
    }

    /// Sends an opt-in request about a further registration of an address whose owner has confirmed another one.
    async fn request_further_opt_in(&self, request: &Mail) -> Result<(), SendError> {
        self.send(request).await
    }
}
