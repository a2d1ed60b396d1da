//! Sends mail.

use async_trait::async_trait;
use url::Url;

use crate::domain::opt_in::{Consent, ContactId};
use crate::ports::Failure;

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
    async fn mail(&self, mail: &Mail) -> Result<(), Failure>;

    /// Asks the owner of an address whether they want mail there.
    async fn ask(&self, question: &Mail) -> Result<Option<Consent>, Failure> {
        self.mail(question).await.map(|()| None)
    }
}
