//! The stored form of the marker of a deleted event, which takes the place of the event's details.

use serde::{Deserialize, Serialize};

use crate::domain::deleted_event::{DeletedEvent, DeletionState};
use crate::domain::event::EventId;
use crate::domain::host_link::LinkGenerations;
use crate::domain::timestamp::{Timestamp, millis, seconds};

/// The stored attributes of a marker, without the key. Times are in milliseconds since 1970, except `expires_at`, which is
/// in seconds. The names of the fields are the names of the stored attributes, so they must not change. As JSON, the
/// record begins with `deleted_at`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeletionRecord {
    #[serde(with = "millis")]
    deleted_at: Timestamp,
    /// Absent while the deletion is in progress.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "seconds")]
    expires_at: Option<Timestamp>,
    #[serde(default)]
    links: LinkGenerations,
    version: u64,
}

impl DeletionRecord {
    /// Builds the record to store as the next version of the marker.
    pub fn next(deleted: &DeletedEvent) -> Self {
        Self {
            deleted_at: deleted.deleted_at,
            expires_at: deleted.expires_at(),
            links: deleted.links,
            version: deleted.version + 1,
        }
    }

    /// Whether the stored record with these attributes is a marker. The details of an event have content.
    pub fn is_in(has_attribute: impl Fn(&str) -> bool) -> bool {
        has_attribute("deleted_at") && !has_attribute("content")
    }

    pub fn into_deleted(self, event: EventId) -> DeletedEvent {
        let state = if self.expires_at.is_some() { DeletionState::Complete } else { DeletionState::InProgress };
        DeletedEvent { event, deleted_at: self.deleted_at, state, links: self.links, version: self.version }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_marker_is_read_back() {
        for state in [DeletionState::InProgress, DeletionState::Complete] {
            let event = EventId::parse("dinner").unwrap();
            let deleted_at = Timestamp::now();
            let deleted = DeletedEvent { event, deleted_at, state, links: LinkGenerations::random(), version: 3 };
            let json = serde_json::to_string(&DeletionRecord::next(&deleted)).unwrap();
            assert!(json.starts_with(r#"{"deleted_at":"#), "{json}");
            let record: DeletionRecord = serde_json::from_str(&json).unwrap();
            assert_eq!(record.into_deleted(deleted.event.clone()), DeletedEvent { version: 4, ..deleted });
        }
    }
}
