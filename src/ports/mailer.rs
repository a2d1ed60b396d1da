//! Sends mail.

use async_trait::async_trait;
use url::Url;

use crate::domain::opt_in::{ContactId, OptIn};
use crate::ports::SendError;

/// A mail to one person, in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same if it is sent again: for a `Message-ID`.
    pub id: String,
    pub contact: ContactId,
    /// An address as [`Contact::Email`](crate::domain::contact::Contact::Email) holds it.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Lines ended by `\n`.
    pub body: String,
    /// Where one POST ends such mails (RFC 8058).
    pub unsubscribe: Option<Url>,
}

#[async_trait]
pub trait Mailer: Send + Sync {
    async fn mail(&self, mail: &Mail) -> Result<(), SendError>;

    /// Asks the owner of an address whether they want mail there.
    async fn ask(&self, question: &Mail) -> Result<Option<OptIn>, SendError> {
        self.mail(question).await.map(|()| None)
    }
}
