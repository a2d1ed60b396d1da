//! Changes of deleted events: they are not announced, and what they brought back is deleted.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::attendee::Attendee;
use crate::domain::change::Change;
use crate::domain::event::EventId;
use crate::domain::new_event_id::for_log;
use crate::domain::timestamp::Timestamp;
use crate::ports::{DamagedChange, Deletion, Deletions, StoredDetails, Unavailable};

/// How a change is processed.
enum Handling {
    /// The change belongs to an event that exists.
    Keep,
    /// The change belongs to a deleted event.
    LeaveOut,
    /// Somebody who had read the details before the event was deleted has stored this attendee since.
    DeleteAttendee(Box<Attendee>),
    /// Everything about the event before this change is out of date, also its digest.
    DeleteDigest(EventId),
}

/// Leaves out the changes that belong to deleted events, and deletes late attendees and digests of these events. Returns the
/// other changes in their order. It is safe to repeat. `stored` has the details of each event.
///
/// An event's removed attendees follow all earlier changes of the event. When they are processed, no process adds earlier
/// changes to the digest any more.
pub(super) async fn leave_out_deleted(
    changes: Vec<Result<Change, DamagedChange>>,
    stored: &BTreeMap<EventId, StoredDetails>,
    deletions: &dyn Deletions,
    now: Timestamp,
) -> Result<Vec<Result<Change, DamagedChange>>, Unavailable> {
    let (mut kept, mut late, mut outdated) = (Vec::with_capacity(changes.len()), Vec::new(), BTreeSet::new());
    for change in changes {
        match handling(&change, &stored[event_of(&change)]) {
            Handling::Keep => kept.push(change),
            Handling::LeaveOut => {}
            Handling::DeleteAttendee(attendee) => late.push(attendee),
            Handling::DeleteDigest(event) => drop(outdated.insert(event)),
        }
    }
    for attendee in late {
        if deletions.delete_late_attendee(&attendee, now).await? == Deletion::Deleted {
            tracing::info!(event.id = for_log(&attendee.event), "late attendee of a deleted event deleted");
        }
    }
    for event in outdated {
        deletions.delete_digest_without_attendees(&event).await?;
    }
    Ok(kept)
}

pub(super) fn event_of(change: &Result<Change, DamagedChange>) -> &EventId {
    match change {
        Ok(change) => change.event(),
        Err(DamagedChange { event, .. }) => event,
    }
}

fn handling(change: &Result<Change, DamagedChange>, stored: &StoredDetails) -> Handling {
    let is_deleted = matches!(stored, StoredDetails::Deleted(_));
    match change {
        Err(_) if is_deleted => Handling::LeaveOut,
        Err(_) => Handling::Keep,
        Ok(Change::Details(change)) => match (&change.new, is_deleted) {
            (None, true) => Handling::DeleteDigest(change.event.clone()),
            (Some(_), true) | (None, false) => Handling::LeaveOut,
            (Some(_), false) => Handling::Keep,
        },
        Ok(Change::Attendee(change)) => {
            let Some(attendee) = change.new.as_ref().or(change.old.as_ref()) else { return Handling::LeaveOut };
            if !stored.is_void(attendee.newest.requested_at) {
                return Handling::Keep;
            }
            match &change.new {
                Some(attendee) => Handling::DeleteAttendee(Box::new(attendee.clone())),
                None if is_deleted => Handling::DeleteDigest(change.key.event.clone()),
                None => Handling::LeaveOut,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::attendee::apply_all;
    use crate::domain::attendee_name::AttendeeName;
    use crate::domain::change::{AttendeeChange, DetailsChange};
    use crate::domain::channel::Channel;
    use crate::domain::deleted_event::{DeletedEvent, DeletionState};
    use crate::domain::event::Event;
    use crate::domain::event_details::{Content, EventDetails, Title};
    use crate::domain::host_link::LinkGenerations;
    use crate::domain::signup::{Request, Signup, SignupId, Version};

    fn at(second: u64) -> Timestamp {
        Timestamp::EARLIEST.plus(Duration::from_secs(second))
    }

    fn ana(second: u64) -> Attendee {
        let signup = Signup {
            version: Version { requested_at: at(second), id: SignupId::parse("a").unwrap() },
            event: Event::parse("Dance").unwrap(),
            name: AttendeeName::parse("Ana").unwrap(),
            channel: Channel::Queue,
            network: None,
            request: Request::trusted_sign_up(None),
        };
        apply_all(None, &[signup], at(second)).0.unwrap()
    }

    fn change(old: Option<Attendee>, new: Option<Attendee>) -> Result<Change, DamagedChange> {
        Ok(Change::Attendee(AttendeeChange { key: ana(1).key(), old, new }))
    }

    fn details() -> EventDetails {
        let content = Content::titled(Title::parse("Dance").unwrap());
        EventDetails::new(EventId::parse("dance").unwrap(), content, at(0))
    }

    fn deleted(state: DeletionState) -> StoredDetails {
        let (event, links) = (EventId::parse("dance").unwrap(), LinkGenerations::default());
        StoredDetails::Deleted(Arc::new(DeletedEvent { event, deleted_at: at(10), state, links, version: 2 }))
    }

    fn described(change: &Result<Change, DamagedChange>, stored: &StoredDetails) -> &'static str {
        match handling(change, stored) {
            Handling::Keep => "keep",
            Handling::LeaveOut => "leave out",
            Handling::DeleteAttendee(_) => "delete attendee",
            Handling::DeleteDigest(_) => "delete digest",
        }
    }

    #[test]
    fn changes_up_to_the_deletion_are_left_out() {
        let complete = deleted(DeletionState::Complete);
        assert_eq!(described(&change(None, Some(ana(10))), &complete), "delete attendee");
        assert_eq!(described(&change(Some(ana(10)), None), &complete), "delete digest");
        assert_eq!(described(&change(None, Some(ana(11))), &complete), "keep");
        assert_eq!(described(&change(None, Some(ana(11))), &deleted(DeletionState::InProgress)), "delete attendee");
        for stored in [StoredDetails::None, StoredDetails::Some(Arc::new(details()))] {
            assert_eq!(described(&change(None, Some(ana(1))), &stored), "keep");
            assert_eq!(described(&change(Some(ana(1)), None), &stored), "keep");
        }
    }

    #[test]
    fn new_event_keeps_its_digest() {
        let anew = EventDetails { earlier_deleted_at: Some(at(10)), ..details() };
        let anew = StoredDetails::Some(Arc::new(anew));
        assert_eq!(described(&change(Some(ana(10)), None), &anew), "leave out");
        assert_eq!(described(&change(None, Some(ana(10))), &anew), "delete attendee");
        assert_eq!(described(&change(None, Some(ana(11))), &anew), "keep");
    }

    #[test]
    fn details_of_a_deleted_event_are_left_out() {
        let of = |old, new| Ok(Change::Details(DetailsChange { event: details().event, old, new }));
        let complete = deleted(DeletionState::Complete);
        assert_eq!(described(&of(None, Some(details())), &complete), "leave out");
        assert_eq!(described(&of(Some(details()), None), &complete), "delete digest");
        let exists = StoredDetails::Some(Arc::new(details()));
        assert_eq!(described(&of(None, Some(details())), &exists), "keep");
        assert_eq!(described(&of(Some(details()), None), &exists), "leave out");
        let damaged = Err(DamagedChange { event: details().event, cause: String::new() });
        assert_eq!((described(&damaged, &complete), described(&damaged, &exists)), ("leave out", "keep"));
    }
}
