//! Sends mail.

use async_trait::async_trait;
use url::Url;

use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::OptIn;
use crate::ports::SendError;

/// A mail to one person, in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same at every retry. It becomes the `Message-ID`.
    pub id: String,
    pub contact: ContactId,
    /// An address as in [`Contact::Email`](crate::domain::contact::Contact::Email).
    pub to: String,
    /// A single line.
    pub subject: String,
    /// Lines that end with `\n`.
    pub body: String,
    /// The URL for one-click unsubscription (RFC 8058).
    pub unsubscribe: Option<Url>,
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, mail: &Mail) -> Result<(), SendError>;

    /// Sends an opt-in request. A provider that already knows the opt-in of this address returns it.
    async fn request_opt_in(&self, request: &Mail) -> Result<Option<OptIn>, SendError> {
        self.send(request).await.map(|()| None)
    }
}
