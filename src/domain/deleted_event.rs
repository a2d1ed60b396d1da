//! What is left of a deleted event: a marker, so that late requests do not bring the event back.

use crate::domain::attendee::TOMBSTONE_RETENTION;
use crate::domain::event::EventId;
use crate::domain::event_details::{Content, EventDetails};
use crate::domain::host_link::LinkGenerations;
use crate::domain::new_event_id::is_unlisted;
use crate::domain::timestamp::Timestamp;

/// The marker of a deleted event. It is stored in the place of the event's details, with the next version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedEvent {
    pub event: EventId,
    /// Requests up to this time were about the deleted event.
    pub deleted_at: Timestamp,
    pub state: DeletionState,
    /// The links of the deleted event. The host can continue an interrupted deletion.
    pub links: LinkGenerations,
    /// The version that was read. A write fails if another version is stored by then.
    pub version: u64,
}

/// How far a deletion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletionState {
    /// Data of the event may still be stored. Nobody finds the event, and every request about it is refused.
    InProgress,
    /// Nothing but the marker is stored of the event, and the id is free.
    Complete,
}

impl DeletedEvent {
    /// Returns whether a request that was made at this time is about the deleted event, or comes while the event is being
    /// deleted. A new event never gets the id of an unlisted one.
    pub fn covers(&self, requested_at: Timestamp) -> bool {
        match self.state {
            DeletionState::InProgress => true,
            DeletionState::Complete => requested_at <= self.deleted_at || is_unlisted(&self.event),
        }
    }

    /// Returns when the marker is deleted: not before the deletion is complete, and then as late as the tombstone of an
    /// attendee.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self.state {
            DeletionState::InProgress => None,
            DeletionState::Complete => Some(self.deleted_at.plus(TOMBSTONE_RETENTION).to_whole_second()),
        }
    }

    /// The details of a new event with the same id. Its versions continue those of the deleted event, so that no outdated
    /// edit of the deleted event changes the new one.
    pub fn begin_anew(&self, content: Content, now: Timestamp) -> EventDetails {
        EventDetails {
            earlier_deleted_at: Some(self.deleted_at),
            version: self.version,
            ..EventDetails::new(self.event.clone(), content, now)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::event_details::Title;
    use crate::domain::new_event_id::unlisted;

    fn at(second: u64) -> Timestamp {
        Timestamp::EARLIEST.plus(Duration::from_secs(second))
    }

    fn deleted(event: EventId, state: DeletionState) -> DeletedEvent {
        DeletedEvent { event, deleted_at: at(10), state, links: LinkGenerations::default(), version: 4 }
    }

    #[test]
    fn covers_requests_up_to_the_deletion() {
        let dinner = EventId::parse("dinner").unwrap();
        let complete = deleted(dinner.clone(), DeletionState::Complete);
        assert_eq!([9, 10, 11].map(|second| complete.covers(at(second))), [true, true, false]);
        let in_progress = deleted(dinner, DeletionState::InProgress);
        assert_eq!([9, 10, 11].map(|second| in_progress.covers(at(second))), [true; 3]);
        let unlisted = deleted(unlisted("dinner"), DeletionState::Complete);
        assert!(unlisted.covers(at(11)), "nothing begins an unlisted event again");
    }

    #[test]
    fn marker_expires_after_the_deletion_is_complete() {
        let dinner = EventId::parse("dinner").unwrap();
        assert_eq!(deleted(dinner.clone(), DeletionState::InProgress).expires_at(), None);
        let expires_at = deleted(dinner, DeletionState::Complete).expires_at();
        assert_eq!(expires_at, Some(at(10).plus(TOMBSTONE_RETENTION)));
    }

    #[test]
    fn new_event_continues_the_versions() {
        let complete = deleted(EventId::parse("dinner").unwrap(), DeletionState::Complete);
        let details = complete.begin_anew(Content::titled(Title::parse("Dinner").unwrap()), at(20));
        assert_eq!((details.version, details.earlier_deleted_at), (4, Some(at(10))));
    }
}
