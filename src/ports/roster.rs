//! Stores the attendees of all events.

use async_trait::async_trait;
use tokio::time::Instant;

use crate::domain::attendee::{Applied, Attendee};
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::new_event_id::is_unlisted;
use crate::domain::seats::SeatCounts;
use crate::domain::signup::{AttendeeKey, Signup};
use crate::domain::timestamp::Timestamp;
use crate::ports::{ApplyError, Unavailable};

/// The requests in one batch that concern the same attendee: at least one, oldest first.
#[derive(Debug, Clone)]
pub struct AttendeeSignups {
    pub key: AttendeeKey,
    pub signups: Vec<Signup>,
}

/// One page of an event's roster.
///
/// `title`, `count` and `seats` are updated from the
/// [`ChangeFeed`](crate::ports::ChangeFeed), so they may lag behind `attendees`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RosterPage {
    /// The title in the first sign-up. `None` if the event never had an attendee.
    pub title: Option<String>,
    /// The total number of attendees on the roster.
    pub count: u64,
    /// The places. `None` if their number was never limited, or while they are being counted.
    pub seats: Option<SeatCounts>,
    /// The attendees on this page, sorted by folded name.
    pub attendees: Vec<Attendee>,
    /// The folded name after which the next page begins. `None` on the last page.
    pub next: Option<NameKey>,
}

/// An event in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSummary {
    pub id: EventId,
    pub title: String,
    /// The number of attendees on the roster.
    pub count: u64,
    /// The places. `None` if their number was never limited, or while they are being counted.
    pub seats: Option<SeatCounts>,
}

impl EventSummary {
    /// Returns the text that names the event for a program.
    pub fn spelling(&self) -> &str {
        self.id.spelling(&self.title)
    }
}

/// The number of events that are read at a time to find listed ones.
const EVENTS_PAGE: usize = 100;

/// Returns at most `limit` events that everybody may find, sorted by id.
pub async fn listed_events(roster: &dyn Roster, limit: usize) -> Result<Vec<EventSummary>, Unavailable> {
    let mut listed: Vec<EventSummary> = Vec::new();
    let mut after = None;
    while listed.len() < limit {
        let page = roster.events(EVENTS_PAGE, after.as_ref()).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        listed.extend(page.into_iter().filter(|event| !is_unlisted(&event.id)));
    }
    listed.truncate(limit);
    Ok(listed)
}

/// Stores the attendees of all events.
#[async_trait]
pub trait Roster: Send + Sync {
    /// Applies the requests of each attendee with [`apply_all`](crate::domain::attendee::apply_all), and stores the
    /// resulting attendee and its [`Change`](crate::domain::change::Change) atomically. Returns one entry per element
    /// of `batches`, in the same order, with one result per request. A batch that fails has no effect, except that a
    /// batch that is not finished at `deadline` fails and may still take effect.
    ///
    /// The requests concern the attendee that [`Roster::attendee`] returns. If there is none, they concern a new attendee,
    /// which is stored under the [key](crate::domain::attendee_name::AttendeeName::key) of its name.
    async fn apply(
        &self,
        batches: Vec<AttendeeSignups>,
        now: Timestamp,
        deadline: Instant,
    ) -> Vec<Result<Vec<Applied>, ApplyError>>;

    /// Returns the stored attendee, whether on the roster or not. If there is none with this key, returns the attendee with
    /// the [refolded](NameKey::refolded) key.
    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable>;

    /// Returns at most `limit` attendees on the roster with names after `after`, sorted by folded name.
    async fn roster(&self, event: &EventId, limit: usize, after: Option<&NameKey>) -> Result<RosterPage, Unavailable>;

    /// Returns at most `limit` events that have or had an attendee, sorted by id. The list is updated from the
    /// [`ChangeFeed`](crate::ports::ChangeFeed), so it may lag behind.
    async fn events(&self, limit: usize, after: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable>;

    /// Returns at most `limit` attendees on the rosters of all events in
    /// [`Roster::events`], sorted by event and folded name.
    async fn all_attendees(&self, limit: usize, after: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable>;

    /// Deletes everything that is stored under a name, for one event or for all events in [`Roster::events`]:
    /// attendees under this key and the [refolded](NameKey::refolded) one, whether on the roster or not, rejected messages and buttons. Returns the number of deleted entries. A
    /// change feed that cannot be rewritten keeps the changes for up to 24 hours.
    async fn remove(&self, name: &NameKey, event: Option<&EventId>, now: Timestamp) -> Result<u64, Unavailable>;
}
