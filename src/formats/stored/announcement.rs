//! The stored form of an event's announcement. Times are in milliseconds since 1970.

use serde::{Deserialize, Serialize};

use crate::domain::event::EventId;
use crate::domain::event_announcement::EventAnnouncement;
use crate::domain::pending_changes::PendingChanges;
use crate::domain::timestamp::{Timestamp, millis};
use crate::domain::viewer::View;

/// The stored attributes of an announcement, without its event. The names of the fields are the names of the attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncementRecord {
    #[serde(with = "millis")]
    at: Timestamp,
    title: String,
    count: u64,
    changes: PendingChanges,
    view: View,
    /// Absent if an earlier version stored the announcement.
    #[serde(default, skip_serializing_if = "super::is_default")]
    has_watermarks: bool,
}

impl AnnouncementRecord {
    pub fn into_announcement(self, event: EventId) -> EventAnnouncement {
        let Self { at, title, count, changes, view, has_watermarks } = self;
        EventAnnouncement { event, at, title, count, changes, view, has_watermarks }
    }
}

impl From<&EventAnnouncement> for AnnouncementRecord {
    fn from(announcement: &EventAnnouncement) -> Self {
        let EventAnnouncement { at, title, count, changes, view, has_watermarks, .. } = announcement.clone();
        Self { at, title, count, changes, view, has_watermarks }
    }
}
