//! The ways to people outside: what goes over each, and what an adapter of each must do.
//!
//! Each call either brought it on its way when it returns `Ok`, or fails: with `Retry` where the same may work later,
//! with `Reject` where it never will at this address.

use async_trait::async_trait;
use url::Url;

use crate::consent::{Consent, ContactId};
use crate::event::EventId;
use crate::ports::Failure;

/// A mail to one person, in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same if it is sent again: for a `Message-ID`.
    pub id: String,
    pub contact: ContactId,
    /// An address as [`Contact::Email`](crate::contact::Contact::Email) holds it.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Lines ended by `\n`.
    pub body: String,
    /// Where one POST ends such mails (RFC 8058).
    pub unsubscribe: Option<Url>,
}

/// A text message to one phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// E.164.
    pub to: String,
    /// At most two segments, see [`gsm7::segments`](crate::words::gsm7::segments).
    pub body: String,
}

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

/// An event's news for whoever listens to a stage as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// The same if it is sent again.
    pub id: String,
    pub event: EventId,
    /// `joined`, `left` or `both`.
    pub kind: &'static str,
    /// A CloudEvent 1.0 in its JSON format.
    pub cloud_event: String,
    /// For people: one line, and the same with more room.
    pub text: String,
}

/// Asking by each way says at once what the answer is where it knows it, as some ways ask in their own words.
#[async_trait]
pub trait Mailer: Send + Sync {
    async fn mail(&self, mail: &Mail) -> Result<(), Failure>;

    /// Asks the owner of an address whether they want mail there.
    async fn ask(&self, question: &Mail) -> Result<Option<Consent>, Failure> {
        self.mail(question).await.map(|()| None)
    }
}

#[async_trait]
pub trait Texter: Send + Sync {
    async fn text(&self, text: &Text) -> Result<(), Failure>;

    /// Asks the owner of a phone whether they want text messages.
    async fn ask(&self, question: &Text) -> Result<Option<Consent>, Failure> {
        self.text(question).await.map(|()| None)
    }
}

#[async_trait]
pub trait Caller: Send + Sync {
    async fn call(&self, call: &Call) -> Result<(), Failure>;

    /// Asks whoever answers at an address to echo a text, which shows that they want to be called.
    async fn ask(&self, contact: &ContactId, to: &Url, text: &str) -> Result<Option<Consent>, Failure>;
}

#[async_trait]
pub trait Broadcaster: Send + Sync {
    async fn broadcast(&self, broadcast: &Broadcast) -> Result<(), Failure>;
}
