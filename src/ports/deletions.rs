//! Deletes what belongs to a deleted event.

use async_trait::async_trait;

use crate::domain::attendee::Attendee;
use crate::domain::deleted_event::DeletedEvent;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Deletion, Unavailable};

/// The result of [`Deletions::delete_attendees`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletedAttendees {
    pub count: usize,
    /// The latest request about the attendees that were found and not deleted, because it came after the event was deleted.
    pub newest_left: Option<Timestamp>,
}

/// Deletes what belongs to an event. The marker of the deletion is stored before, and every step is safe to repeat. No
/// attendee is announced as leaving.
#[async_trait]
pub trait Deletions: Send + Sync {
    /// Deletes the digest of the event, its entries in the calendar and among the parked events, and its title and count. A change feed that can
    /// be rewritten then contains none of its changes.
    async fn delete_event_state(&self, event: &EventId, now: Timestamp) -> Result<(), Unavailable>;

    /// Deletes the digest of the event if no attendee is stored. Otherwise the event has begun anew.
    async fn delete_digest_without_attendees(&self, event: &EventId) -> Result<(), Unavailable>;

    /// Deletes at most `limit` attendees with their messages, whether on the roster or not: those about whom the newest
    /// request was made until the event was deleted. If fewer than `limit` are deleted, none is left.
    async fn delete_attendees(&self, deleted: &DeletedEvent, limit: usize) -> Result<DeletedAttendees, Unavailable>;

    /// Deletes an attendee who was stored although the event had been deleted. Does nothing if a newer request changed the
    /// attendee since.
    async fn delete_late_attendee(&self, attendee: &Attendee, now: Timestamp) -> Result<Deletion, Unavailable>;
}
