//! Deletes the contacts of events that have been over for a while.

use std::time::Duration;

use crate::domain::event::EventId;
use crate::domain::new_event_id::for_log;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Calendar, CalendarPosition, Events, People, StoredDetails, Unavailable};

/// The number of days for which the contacts of an event are kept after it is over, if no other is configured.
pub const DEFAULT_CONTACT_DAYS: u64 = 30;

/// Maximum number of events in one call of [`delete_contacts`].
const MAX_EVENTS: usize = 100;

/// Maximum number of attendees whose contacts are deleted in one write, so that other writes do not wait long.
const PAGE_SIZE: usize = 200;

/// The duration of a number of days: at most 3,650 days.
pub fn days(days: u64) -> Duration {
    Duration::from_secs(days.min(3_650) * 24 * 60 * 60)
}

/// The result of [`delete_contacts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContactDeletion {
    pub count: u64,
    /// Whether more contacts may have to be deleted, so that the call should be repeated soon.
    pub has_more: bool,
}

/// The ports that contacts are deleted with.
#[derive(Clone, Copy)]
pub struct UpkeepPorts<'a> {
    pub calendar: &'a dyn Calendar,
    pub events: &'a dyn Events,
    pub people: &'a dyn People,
}

impl<'a> UpkeepPorts<'a> {
    pub fn of<T: Calendar + Events + People>(backend: &'a T) -> Self {
        Self { calendar: backend, events: backend, people: backend }
    }
}

/// Deletes the contacts of events that have been over for `retention`, for as long as `has_time` returns true. It is safe to
/// interrupt and to repeat.
///
/// # Errors
/// Returns the last error. An event that fails delays no other.
pub async fn delete_contacts(
    ports: UpkeepPorts<'_>,
    retention: Duration,
    now: Timestamp,
    has_time: &(dyn Fn() -> bool + Sync),
) -> Result<ContactDeletion, Unavailable> {
    let until = now.minus(retention);
    let over = ports.calendar.with_contacts(until, MAX_EVENTS).await?;
    let mut deletion = ContactDeletion { count: 0, has_more: over.len() == MAX_EVENTS };
    let mut failure = None;
    for position in over {
        if !has_time() {
            return Ok(ContactDeletion { has_more: true, ..deletion });
        }
        let count = match later_over_at(&position.event, until, ports).await {
            Ok(Some(over_at)) => ports.calendar.set_over_at(&position.event, over_at).await.map(|()| 0),
            Ok(None) => delete_contacts_of(&position, ports, now, has_time).await,
            Err(unavailable) => Err(unavailable),
        };
        match count {
            Ok(count) => deletion.count += count,
            Err(unavailable) => failure = Some(unavailable),
        }
    }
    failure.map_or(Ok(deletion), Err)
}

/// Returns when the event is over, if that is after `until`. The calendar may lag behind changes of the details and the
/// roster. If the details are damaged, it counts as it is.
async fn later_over_at(
    event: &EventId,
    until: Timestamp,
    ports: UpkeepPorts<'_>,
) -> Result<Option<Timestamp>, Unavailable> {
    let details = ports.events.stored(event).await?;
    let is_later = |over_at: &Timestamp| *over_at > until;
    if details.over_at(Timestamp::LATEST).filter(is_later).is_none() {
        return Ok(None);
    }
    // The event has no end, so its last change counts.
    let created_at = match &details {
        StoredDetails::Some(details) => Some(details.created_at),
        StoredDetails::None | StoredDetails::Deleted(_) | StoredDetails::Damaged(_) => None,
    };
    let last_change = ports.people.newest_request(event).await?.max(created_at);
    Ok(details.over_at(last_change.unwrap_or(Timestamp::EARLIEST)).filter(is_later))
}

/// Deletes the contacts of one event, and returns their number. If the time runs out, the next call continues.
async fn delete_contacts_of(
    over: &CalendarPosition,
    UpkeepPorts { calendar, people, .. }: UpkeepPorts<'_>,
    now: Timestamp,
    has_time: &(dyn Fn() -> bool + Sync),
) -> Result<u64, Unavailable> {
    let (mut count, mut after) = (0, None);
    while has_time() {
        let deleted = people.delete_contacts(&over.event, after.as_ref(), PAGE_SIZE, now).await?;
        count += deleted.count;
        after = deleted.next;
        if after.is_none() {
            calendar.set_contacts_deleted(over, now).await?;
            break;
        }
    }
    if count > 0 {
        let (event, over_at) = (for_log(&over.event), over.over_at);
        tracing::info!(event.id = event, %over_at, count, "contacts deleted: the event is over");
    }
    Ok(count)
}
