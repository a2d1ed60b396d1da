//! The stored announcements of events. [`Digests::store_announcing`](crate::ports::Digests::store_announcing) stores them.

use async_trait::async_trait;

use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::event_announcement::EventAnnouncement;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// Reads the announcements of events.
#[async_trait]
pub trait Announcements: Send + Sync {
    /// Returns at most `limit` of the latest announcements of the attendee's event, latest first. Damaged ones are left out,
    /// and so are those that are older than
    /// [`ANNOUNCEMENT_RETENTION`](crate::domain::event_announcement::ANNOUNCEMENT_RETENTION).
    async fn latest(&self, attendee: &AttendeeKey, limit: usize) -> Result<Vec<EventAnnouncement>, Unavailable>;

    /// Returns at most `limit` of the announcements of an event that were made after this time, earliest first, as they are
    /// now. Damaged ones and those that are too old are left out, as in [`Announcements::latest`]. If an earlier version
    /// stored an announcement for some attendees only, it is left out for others than `attendee`.
    async fn after(
        &self,
        event: &EventId,
        attendee: Option<&NameKey>,
        after: Timestamp,
        limit: usize,
    ) -> Result<Vec<EventAnnouncement>, Unavailable>;
}
