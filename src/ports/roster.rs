//! The attendees of all events.

use async_trait::async_trait;

use crate::domain::attendee::{Applied, Attendee};
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::signup::{AttendeeKey, Signup};
use crate::domain::timestamp::Timestamp;
use crate::ports::{ApplyError, Unavailable};

/// The requests of one batch about one attendee, oldest first, never empty.
#[derive(Debug, Clone)]
pub struct AttendeeBatch {
    pub key: AttendeeKey,
    pub signups: Vec<Signup>,
}

/// One page of an event's roster.
///
/// `title` and `count` follow the [`ChangeFeed`](crate::ports::ChangeFeed) and may come a moment after the attendees.
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
    /// Applies each attendee's requests in their order with [`apply_all`](crate::domain::attendee::apply_all) and stores
    /// the result together with its [`Change`](crate::domain::change::Change), both or neither. The answers stand in the order of
    /// `batches`, one for each request; a batch that failed changed nothing.
    async fn apply(&self, batches: Vec<AttendeeBatch>, now: Timestamp) -> Vec<Result<Vec<Applied>, ApplyError>>;

    /// The attendee as last stored, `in` or `out`.
    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable>;

    async fn roster(&self, event: &EventId, limit: usize, after: Option<&NameKey>) -> Result<RosterPage, Unavailable>;

    /// Events on which somebody is or was in, by id; they follow the [`ChangeFeed`](crate::ports::ChangeFeed).
    async fn events(&self, limit: usize, after: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable>;

    /// Everybody who is in, by event and folded name, on the events that [`Roster::events`] lists.
    async fn everybody(&self, limit: usize, after: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable>;

    /// Deletes what is stored of a person, on one event or on all that [`Roster::events`] lists: attendees, in or out, rejects about them and
    /// buttons of theirs; how many entries that were. A feed that cannot be rewritten keeps what it told for its 24 hours.
    async fn remove(&self, name: &NameKey, event: Option<&EventId>, now: Timestamp) -> Result<u64, Unavailable>;
}
