//! What a backend must do. One contract suite holds every backend to it.
//!
//! Each call either did all it says, durably, when it returns `Ok`, or fails with [`Unavailable`]: the same
//! call may work later. [`Roster::apply`] alone may say that it never will.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::attendee::{Applied, Attendee};
use crate::attendee_name::{AttendeeName, NameKey};
use crate::button::{Button, Serial};
use crate::channel::alexa::UserId;
use crate::consent::{Consent, ContactId};
use crate::digest::Digest;
use crate::event::EventId;
use crate::notification::Notification;
use crate::reject::Reject;
use crate::secret::Secret;
use crate::signup::{AttendeeKey, Signup, SignupId};
use crate::timestamp::Timestamp;

/// The backend did not do it, and may if asked again: throttled, timed out, disk full, away.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{doing} failed: {cause}")]
pub struct Unavailable {
    /// What was being done, as in `writing to the queue`.
    pub doing: &'static str,
    pub cause: String,
}

/// Why something was not done, and whether it ever can be.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Retry(#[from] Unavailable),
    /// It may work later too, but it is the recipient's own end that does not answer, which says nothing of anybody else's.
    #[error("{0}")]
    NoAnswer(Unavailable),
    /// It may work later too, and surely nothing has arrived.
    #[error("{0}")]
    NotSent(Unavailable),
    /// It never will work; the reason is for a person, and holds no contact.
    #[error("{0}")]
    Reject(String),
}

impl Failure {
    /// Of what comes before anything is sent.
    #[must_use]
    pub fn before_sending(self) -> Self {
        match self {
            Self::Retry(unavailable) | Self::NoAnswer(unavailable) => Self::NotSent(unavailable),
            failure => failure,
        }
    }
}

/// A message as the queue hands it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The same at every delivery of a message; printable ASCII.
    pub message_id: String,
    /// What settles or returns this delivery.
    pub receipt: String,
    pub body: String,
    /// When the queue took the message.
    pub arrived_at: Timestamp,
    /// How often it was handed out, this time included.
    pub receive_count: u32,
}

/// How many messages wait or are being worked on, and since when the oldest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    pub messages: u64,
    /// Where the backend can tell; SQS shows it in its metrics alone.
    pub oldest: Option<Timestamp>,
}

/// How often a message is handed out before it goes to the rejects.
pub const MAX_RECEIVES: u32 = 5;

/// The Signups queue: at least once, in no particular order.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Puts messages on the queue. After a failure some may be on it; sent again they come twice, which harms nobody.
    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable>;

    /// Hands out at most `limit` messages, none of which is handed out again before the backend's
    /// visibility timeout; waits a while for one to come. One that was handed out [`MAX_RECEIVES`] times goes to the rejects instead.
    async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable>;

    /// Takes done messages off the queue.
    async fn settle(&self, receipts: Vec<String>) -> Result<(), Unavailable>;

    /// Hands messages back, to be handed out again after their delay.
    async fn give_back(&self, deliveries: Vec<GivenBack>) -> Result<(), Unavailable>;

    async fn depth(&self) -> Result<Depth, Unavailable>;
}

#[derive(Debug, Clone)]
pub struct GivenBack {
    pub receipt: String,
    pub delay: Duration,
    /// What went wrong, for whoever looks at the queue; kept where the backend can.
    pub why: String,
}

/// The requests of one batch about one attendee, oldest first, never empty.
#[derive(Debug, Clone)]
pub struct AttendeeBatch {
    pub key: AttendeeKey,
    pub signups: Vec<Signup>,
}

/// One page of an event's roster.
///
/// `title` and `count` follow the [`ChangeFeed`] and may come a moment after the attendees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RosterPage {
    /// The first title under which somebody came; none if nobody ever was in.
    pub title: Option<String>,
    /// How many are in, on all pages.
    pub count: u64,
    /// Those who are in, by folded name.
    pub attendees: Vec<Attendee>,
    /// Where the next page begins after.
    pub next: Option<NameKey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSummary {
    pub id: EventId,
    pub title: String,
    /// How many are in.
    pub count: u64,
}

/// The table `Events`, as far as it is about attendees.
#[async_trait]
pub trait Roster: Send + Sync {
    /// Applies each attendee's requests in their order with [`apply_all`](crate::attendee::apply_all) and stores
    /// the result together with its [`Change`], both or neither. The answers stand in the order of
    /// `batches`, one for each request; a batch that failed changed nothing.
    async fn apply(&self, batches: Vec<AttendeeBatch>, now: Timestamp) -> Vec<Result<Vec<Applied>, Failure>>;

    /// The attendee as last stored, `in` or `out`.
    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable>;

    async fn roster(&self, event: &EventId, limit: usize, after: Option<&NameKey>) -> Result<RosterPage, Unavailable>;

    /// Events on which somebody is or was in, by id; they follow the [`ChangeFeed`].
    async fn events(&self, limit: usize, after: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable>;

    /// Everybody who is in, by event and folded name, on the events that [`Roster::events`] lists.
    async fn everybody(&self, limit: usize, after: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable>;

    /// Deletes what is stored of a person, on one event or on all that [`Roster::events`] lists: attendees, in or out, rejects about them and
    /// buttons of theirs; how many entries that were. A feed that cannot be rewritten keeps what it told for its 24 hours.
    async fn remove(&self, name: &NameKey, event: Option<&EventId>, now: Timestamp) -> Result<u64, Unavailable>;
}

/// One write to an attendee, as DynamoDB Streams tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub key: AttendeeKey,
    pub old: Option<Attendee>,
    pub new: Option<Attendee>,
}

/// Which way somebody went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Movement {
    Joined,
    Left,
}

impl Change {
    /// Whether somebody is in with a contact that was not known before.
    pub fn brings_a_contact(&self) -> bool {
        let contact = |attendee: &Option<Attendee>| attendee.as_ref()?.stay()?.contact.clone();
        let new = contact(&self.new);
        new.is_some() && new != contact(&self.old)
    }

    /// Whether it is to be answered at the address that comes with it.
    pub fn wants_an_answer(&self) -> bool {
        self.brings_a_contact() || self.asks_for_the_link().is_some()
    }

    /// Who asked for their link by it, if they did.
    pub fn asks_for_the_link(&self) -> Option<&Attendee> {
        let asked_at = |attendee: &Attendee| attendee.stay()?.link_asked_at;
        let new = self.new.as_ref()?;
        (asked_at(new) > self.old.as_ref().and_then(asked_at)).then_some(new)
    }

    /// Who joined or left the roster by it, if somebody did: as they are now, or were last.
    pub fn movement(&self) -> Option<(Movement, &Attendee)> {
        let is_in = |attendee: &&Attendee| attendee.stay().is_some();
        match (self.old.as_ref().filter(is_in), &self.new) {
            (None, Some(new)) if new.stay().is_some() => Some((Movement::Joined, new)),
            (Some(_), Some(new)) if new.stay().is_none() => Some((Movement::Left, new)),
            (Some(old), None) => Some((Movement::Left, old)),
            _ => None,
        }
    }
}

/// How far a feed was read; opaque to everyone but its backend.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Position(String);

impl Position {
    /// Before the first change that is kept.
    pub const START: Self = Self(String::new());

    pub fn new(position: String) -> Self {
        Self(position)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The writes to attendees, kept for 24 hours; those to one event in the order in which they were made.
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// At most `limit` changes after a position, each with its own; none if there are none yet.
    async fn changes(&self, after: &Position, limit: usize) -> Result<Vec<(Position, Change)>, Unavailable>;
}

/// The digests of events.
#[async_trait]
pub trait Digests: Send + Sync {
    async fn digest(&self, event: &EventId) -> Result<Option<Digest>, Unavailable>;

    /// Stores the digest as its next version, if the stored one is of the version that this one was read as; whether
    /// it was.
    async fn store(&self, digest: &Digest) -> Result<bool, Unavailable>;

    /// At most `limit` events whose digests are due, longest first, and since when.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable>;
}

/// What brings notifications to people.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Brings one on its way; whether there was one to bring, since not everybody wants to hear. What may work later is
    /// given again, for a day.
    async fn notify(&self, notification: &Notification) -> Result<bool, Failure>;
}

/// What the owners of addresses have said.
#[async_trait]
pub trait Contacts: Send + Sync {
    async fn consent(&self, contact: &ContactId) -> Result<Option<Consent>, Unavailable>;

    /// Stores what is said now, if that was said before; whether it was.
    async fn set_consent(
        &self,
        contact: &ContactId,
        before: Option<Consent>,
        now: Consent,
    ) -> Result<bool, Unavailable>;
}

/// How much of something may be done.
#[async_trait]
pub trait Budgets: Send + Sync {
    /// Takes one of `limit` of a budget, which is forgotten at `ends_at`; whether one was left.
    async fn spend(&self, budget: &str, limit: u64, ends_at: Timestamp) -> Result<bool, Unavailable>;

    /// How much of a budget is spent.
    async fn spent(&self, budget: &str) -> Result<u64, Unavailable>;
}

/// What was told to the stays of attendees, for them to read again.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Keeps a message for a stay, the latest of [`INBOX_MESSAGES`] of it; one of the same id stays as it is.
    async fn keep(&self, stay: &StayKey, message: InboxMessage) -> Result<(), Unavailable>;

    /// The latest first.
    async fn messages(&self, stay: &StayKey) -> Result<Vec<InboxMessage>, Unavailable>;
}

/// What an inbox keeps of one stay.
pub const INBOX_MESSAGES: usize = 20;

/// One stay of an attendee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StayKey {
    pub attendee: AttendeeKey,
    /// The sign-up that began it.
    pub owner: SignupId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxMessage {
    pub id: String,
    pub at: Timestamp,
    pub text: String,
}

/// The buttons that the organiser registered, by serial number.
#[async_trait]
pub trait Buttons: Send + Sync {
    /// Registers a button, in place of what was registered under its serial number.
    async fn register(&self, button: Button) -> Result<(), Unavailable>;

    /// Those of them that are registered, in no particular order.
    async fn find(&self, serials: &[Serial]) -> Result<Vec<Button>, Unavailable>;

    /// By serial number, code point by code point.
    async fn registered(&self, limit: usize, after: Option<&Serial>) -> Result<Vec<Button>, Unavailable>;

    /// Whether there was one.
    async fn unregister(&self, serial: &Serial) -> Result<bool, Unavailable>;
}

/// What households with an Echo usually say.
#[async_trait]
pub trait Households: Send + Sync {
    /// The name under which a household signed somebody up last.
    async fn usual_name(&self, user: &UserId) -> Result<Option<AttendeeName>, Unavailable>;

    async fn remember(&self, user: &UserId, name: &AttendeeName) -> Result<(), Unavailable>;
}

/// Messages that can never succeed, kept whole.
#[async_trait]
pub trait Rejects: Send + Sync {
    /// Keeps rejects; one that is there already, by its id, stays as it is.
    async fn put(&self, rejects: Vec<Reject>) -> Result<(), Unavailable>;

    /// Rejects by id.
    async fn list(&self, limit: usize, after: Option<&str>) -> Result<Vec<Reject>, Unavailable>;

    async fn get(&self, id: &str) -> Result<Option<Reject>, Unavailable>;

    /// Whether there was one to delete.
    async fn delete(&self, id: &str) -> Result<bool, Unavailable>;
}

/// The stage's secrets that few requests need, so that a home may wait with reading them.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// What opens everything.
    async fn organiser_key(&self) -> Result<Secret, Unavailable>;

    /// What signed manage links before the token secret of today, if anything did: a change of secrets spares the
    /// links that are out.
    async fn previous_token_secret(&self) -> Result<Option<Secret>, Unavailable>;
}

/// What the first request with an `Idempotency-Key` was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Tells what the request asked, to refuse another one under the same key.
    pub fingerprint: String,
    pub id: SignupId,
    pub requested_at: Timestamp,
}

/// Remembers answers for 24 hours.
#[async_trait]
pub trait Idempotency: Send + Sync {
    /// What is remembered under `key`: `candidate`, unless somebody came before.
    async fn remember(&self, key: String, candidate: Remembered) -> Result<Remembered, Unavailable>;
}
