//! The stored announcements of events. [`Digests::store_announcing`](crate::ports::Digests::store_announcing) stores them.

use async_trait::async_trait;

use crate::domain::event_announcement::EventAnnouncement;
use crate::domain::signup::AttendeeKey;
use crate::ports::Unavailable;

/// Reads the announcements of events.
#[async_trait]
pub trait Announcements: Send + Sync {
    /// Returns at most `limit` of the latest announcements of the attendee's event, latest first. Damaged ones are left out,
    /// and so are those that are older than
    /// [`ANNOUNCEMENT_RETENTION`](crate::domain::event_announcement::ANNOUNCEMENT_RETENTION).
    async fn latest(&self, attendee: &AttendeeKey, limit: usize) -> Result<Vec<EventAnnouncement>, Unavailable>;
}
