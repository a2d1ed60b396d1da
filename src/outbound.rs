//! The ways to people outside: what goes over each, and what an adapter of each must do.
//!
//! Each call either brought it on its way when it returns `Ok`, or fails: with `Retry` where the same may work later,
//! with `Reject` where it never will at this address.

use async_trait::async_trait;
use url::Url;

use crate::ports::Failure;

/// A mail to one person, in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same if it is sent again: for a `Message-ID`.
    pub id: String,
    /// An address as [`Contact::Email`](crate::contact::Contact::Email) holds it.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Lines ended by `\n`.
    pub body: String,
    /// Where one POST ends such mails (RFC 8058).
    pub unsubscribe: Option<Url>,
}

/// A JSON document for one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The same if it is sent again.
    pub id: String,
    pub to: Url,
    /// A CloudEvent 1.0 in its JSON format.
    pub body: String,
}

#[async_trait]
pub trait Mailer: Send + Sync {
    async fn mail(&self, mail: &Mail) -> Result<(), Failure>;
}

#[async_trait]
pub trait Caller: Send + Sync {
    async fn call(&self, call: &Call) -> Result<(), Failure>;

    /// Asks whoever answers at an address to echo a text, which shows that they want to be called.
    async fn challenge(&self, to: &Url, text: &str) -> Result<(), Failure>;
}
