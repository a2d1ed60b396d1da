//! Adds the changes of the roster to the digests of their events, and announces them when they are due.

mod announcer;
mod deleted;
mod digest_update;
mod seats;

pub use self::announcer::Announcer;

use std::collections::{BTreeMap, BTreeSet};

use self::deleted::{event_of, leave_out_deleted};
use self::digest_update::add_to_digest;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::domain::backoff::BackoffPolicy;
use crate::domain::change::{Change, Movements, SubscriptionChange};
use crate::domain::event::EventId;
use crate::domain::new_event_id::for_log;
use crate::domain::secret::Secret;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    Calendar, DamagedChange, DamagedRecord, Deletions, Digests, Events, ParkedEvent, Seats, StoredDetails, Subscribers,
    Unavailable,
};

/// Events whose digests are updated concurrently.
const MAX_CONCURRENT_UPDATES: usize = 16;

/// Attempts to store a digest that other processes store at the same time.
const MAX_ATTEMPTS: u32 = 10;

/// The ports that changes are taken in with.
#[derive(Clone, Copy)]
pub struct EventPorts<'a> {
    pub digests: &'a dyn Digests,
    /// Without a cache, since the details may have changed just now.
    pub events: &'a dyn Events,
    pub calendar: &'a dyn Calendar,
    pub deletions: &'a dyn Deletions,
    pub subscribers: &'a dyn Subscribers,
    pub seats: &'a dyn Seats,
    /// The key of the ids of mailboxes.
    pub contact_secret: &'a Secret,
}

impl<'a> EventPorts<'a> {
    pub fn of<T: Digests + Events + Calendar + Deletions + Subscribers + Seats>(
        backend: &'a T,
        contact_secret: &'a Secret,
    ) -> Self {
        let (digests, events, calendar) = (backend, backend, backend);
        let (deletions, subscribers, seats) = (backend, backend, backend);
        Self { digests, events, calendar, deletions, subscribers, seats, contact_secret }
    }
}

/// The result of [`take_in`] and [`add_to_digests`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DigestUpdate {
    /// The number of attendees who joined and left, without repeated changes.
    pub movements: Movements,
    /// Events of the batch whose digests are due now.
    pub due: Vec<EventId>,
    /// How often an event was parked, because a change or its digest is damaged.
    pub parked: u64,
}

/// Leaves out the changes of deleted events, parks the events of damaged changes, and adds the others to their digests.
/// Returns the others in their order.
pub async fn take_in(
    changes: Vec<Result<Change, DamagedChange>>,
    ports: EventPorts<'_>,
    backoff: &BackoffPolicy,
    now: Timestamp,
) -> Result<(Vec<Change>, DigestUpdate), Unavailable> {
    let stored = read_details(changes.iter().map(event_of), ports.events).await?;
    let changes = leave_out_deleted(changes, &stored, ports.deletions, now).await?;
    let mut readable = Vec::with_capacity(changes.len());
    let mut parked = 0;
    for change in changes {
        match change {
            Ok(change) => readable.push(change),
            Err(DamagedChange { event, cause }) => {
                park(event, DamagedRecord::Change, cause, ports.digests, now).await?;
                parked += 1;
            }
        }
    }
    let mut update = update_digests(&readable, &stored, ports, backoff, now).await?;
    update.parked += parked;
    Ok((readable, update))
}

/// Parks an event, and reports it in the log.
async fn park(
    event: EventId,
    damaged: DamagedRecord,
    cause: String,
    digests: &dyn Digests,
    now: Timestamp,
) -> Result<(), Unavailable> {
    tracing::error!(event.id = for_log(&event), ?damaged, cause, "event parked: a stored record is damaged");
    digests.park(&ParkedEvent { event, damaged, cause, parked_at: now }).await
}

/// Adds changes to the digests of their events and stores each digest once. Before this, passes on who began or ceased to want
/// messages, so that an announcement of these changes reaches the right attendees. Also stores in the calendar when the events
/// are over. An event whose digest is damaged is parked.
///
/// A change that a digest already contains is not added again, so a batch can be repeated after an error.
pub async fn add_to_digests(
    changes: &[Change],
    ports: EventPorts<'_>,
    backoff: &BackoffPolicy,
    now: Timestamp,
) -> Result<DigestUpdate, Unavailable> {
    let stored = read_details(changes.iter().map(Change::event), ports.events).await?;
    update_digests(changes, &stored, ports, backoff, now).await
}

/// Reads what is stored about the events.
async fn read_details<'a>(
    events: impl Iterator<Item = &'a EventId>,
    port: &dyn Events,
) -> Result<BTreeMap<EventId, StoredDetails>, Unavailable> {
    let events: BTreeSet<&EventId> = events.collect();
    let events: Vec<EventId> = events.into_iter().cloned().collect();
    let stored = if events.is_empty() { Vec::new() } else { port.details(&events).await? };
    Ok(events.into_iter().zip(stored).collect())
}

/// Like [`add_to_digests`]. `stored` has the details of each event.
async fn update_digests(
    changes: &[Change],
    stored: &BTreeMap<EventId, StoredDetails>,
    ports: EventPorts<'_>,
    backoff: &BackoffPolicy,
    now: Timestamp,
) -> Result<DigestUpdate, Unavailable> {
    update_subscribers(changes, ports.subscribers).await?;
    let mut by_event: BTreeMap<&EventId, Vec<&Change>> = BTreeMap::new();
    let is_limited = |event: &EventId| match &stored[event] {
        StoredDetails::Some(details) => details.limited_since.is_some(),
        StoredDetails::None | StoredDetails::Deleted(_) | StoredDetails::Damaged(_) => false,
    };
    let is_relevant = |change: &&Change| match change {
        // If places are limited, the number of guests matters too.
        Change::Attendee(change) => {
            change.movement().is_some() || change.has_new_contact() || is_limited(&change.key.event)
        }
        Change::Details(_) => true,
    };
    for change in changes.iter().filter(is_relevant) {
        by_event.entry(change.event()).or_default().push(change);
    }
    let updates: Vec<_> = by_event
        .into_iter()
        .map(|(event, changes)| add_to_digest(event, changes, &stored[event], ports, backoff, now))
        .collect();
    stream::iter(updates)
        .buffer_unordered(MAX_CONCURRENT_UPDATES)
        .try_fold(DigestUpdate::default(), async |mut total, update| {
            total.movements.joined += update.movements.joined;
            total.movements.left += update.movements.left;
            total.due.extend(update.due);
            total.parked += update.parked;
            Ok(total)
        })
        .await
}

/// Passes on the last change of each attendee who began or ceased to want messages.
async fn update_subscribers(changes: &[Change], subscribers: &dyn Subscribers) -> Result<(), Unavailable> {
    let of_attendees = changes.iter().filter_map(Change::attendee);
    let last: BTreeMap<AttendeeKey, SubscriptionChange> =
        of_attendees.filter_map(|change| Some((change.key.clone(), change.subscription()?))).collect();
    if last.is_empty() { Ok(()) } else { subscribers.update_subscribers(last).await }
}

fn too_many_conflicts() -> Unavailable {
    Unavailable { doing: "storing a digest", cause: format!("{MAX_ATTEMPTS} write conflicts in a row") }
}
