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
pub struct AttendeeSignups {
    pub key: AttendeeKey,
    pub signups: Vec<Signup>,
}

/// One page of an event's roster.
///
/// `title` and `count` follow the [`ChangeFeed`](crate::ports::ChangeFeed), so they may be a moment older than the attendees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RosterPage {
    /// The title of the first sign-up; none if there never was an attendee.
    pub title: Option<String>,
    /// Attendees who are in, on all pages.
    pub count: u64,
    /// Attendees who are in, by folded name.
    pub attendees: Vec<Attendee>,
    /// The name after which the next page begins.
    pub next: Option<NameKey>,
}

/// An event in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSummary {
    pub id: EventId,
    pub title: String,
    /// Attendees who are in.
    pub count: u64,
}

/// The attendees of all events.
#[async_trait]
pub trait Roster: Send + Sync {
    /// Applies each attendee's requests in their order with [`apply_all`](crate::domain::attendee::apply_all) and stores
    /// the result together with its [`Change`](crate::domain::change::Change), both or neither. The results are in the order of
    /// `batches`, with one entry for each request. A batch that failed changed nothing.
    async fn apply(&self, batches: Vec<AttendeeSignups>, now: Timestamp) -> Vec<Result<Vec<Applied>, ApplyError>>;

    /// The attendee as last stored, `in` or `out`.
    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable>;

    /// At most `limit` attendees who are in, by folded name, after one of them.
    async fn roster(&self, event: &EventId, limit: usize, after: Option<&NameKey>) -> Result<RosterPage, Unavailable>;

    /// Events that have or had an attendee, by id. They follow the [`ChangeFeed`](crate::ports::ChangeFeed).
    async fn events(&self, limit: usize, after: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable>;

    /// Attendees who are in, by event and folded name, of all events in [`Roster::events`].
    async fn all_attendees(&self, limit: usize, after: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable>;

    /// Deletes what is stored about a person, on one event or on all in [`Roster::events`]: attendees, in or out, their
    /// rejected messages and their buttons. Returns how many entries were deleted. A change feed that cannot be
    /// rewritten keeps its changes for 24 hours.
    async fn remove(&self, name: &NameKey, event: Option<&EventId>, now: Timestamp) -> Result<u64, Unavailable>;
}
