//! Lists the events in the order in which they are over.

use async_trait::async_trait;

use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{EventSummary, Unavailable};

/// An event in the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarEntry {
    pub event: EventSummary,
    pub over_at: Timestamp,
}

/// The last event of a page of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarPosition {
    pub over_at: Timestamp,
    pub event: EventId,
}

/// One page of the calendar. An event that no longer exists is left out, so a page may be short, or even empty, although
/// another follows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CalendarPage {
    pub entries: Vec<CalendarEntry>,
    /// `None` on the last page.
    pub next: Option<CalendarPosition>,
}

/// Lists the events in the order in which they are over. The list is updated from the
/// [`ChangeFeed`](crate::ports::ChangeFeed), so it may lag behind.
#[async_trait]
pub trait Calendar: Send + Sync {
    /// Stores when an event is over. From then on its contacts count as not deleted.
    async fn set_over_at(&self, event: &EventId, over_at: Timestamp) -> Result<(), Unavailable>;

    /// Returns the events that are not over at `now`. The first one is over first.
    async fn upcoming(
        &self,
        now: Timestamp,
        after: Option<&CalendarPosition>,
        limit: usize,
    ) -> Result<CalendarPage, Unavailable>;

    /// Returns the events that are over at `now`. The first one was over last.
    async fn past(
        &self,
        now: Timestamp,
        after: Option<&CalendarPosition>,
        limit: usize,
    ) -> Result<CalendarPage, Unavailable>;

    /// Returns at most `limit` events that were over at `until` and whose contacts are not deleted yet. The first one was
    /// over first.
    async fn with_contacts(&self, until: Timestamp, limit: usize) -> Result<Vec<CalendarPosition>, Unavailable>;

    /// Stores that the contacts of an event are deleted, unless it is over at another time by now.
    async fn set_contacts_deleted(&self, over: &CalendarPosition, now: Timestamp) -> Result<(), Unavailable>;
}
