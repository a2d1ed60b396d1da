//! Adds the changes of the roster to the digests of their events, and announces them when they are due.

mod announcer;
mod deleted;
mod seats;

pub use self::announcer::Announcer;

use std::collections::{BTreeMap, BTreeSet};

use self::deleted::{event_of, leave_out_deleted};
use self::seats::SeatRounds;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::domain::backoff::BackoffPolicy;
use crate::domain::change::{AttendeeChange, Change, Movements, SubscriptionChange};
use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::new_event_id::for_log;
use crate::domain::secret::Secret;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    Calendar, DamagedChange, DamagedRecord, Deletions, Digests, Events, ParkedEvent, ReadError, Seats, StoredDetails,
    Subscribers, Unavailable, Write,
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

async fn add_to_digest(
    event: &EventId,
    changes: Vec<&Change>,
    details: &StoredDetails,
    ports: EventPorts<'_>,
    backoff: &BackoffPolicy,
    now: Timestamp,
) -> Result<DigestUpdate, Unavailable> {
    let EventPorts { digests, calendar, .. } = ports;
    let over_at = details.over_at(now);
    let has_new_contact = changes.iter().filter_map(|change| change.attendee()).any(AttendeeChange::has_new_contact);
    let mut total = Movements::default();
    for _ in 0..MAX_ATTEMPTS {
        let (mut digest, is_new) = match digests.digest(event).await {
            Ok(Some(digest)) if !digest.is_expired(now) => (digest, false),
            // The expired digest is replaced by a new one. `seen` is kept, because the batch
            // may repeat changes that the expired digest contained.
            Ok(Some(Digest { seen, announced_at, version, .. })) => {
                (Digest { seen, announced_at, version, ..Digest::new(event.clone(), title(&changes)) }, true)
            }
            Ok(None) => (Digest::new(event.clone(), title(&changes)), true),
            Err(ReadError::Unavailable(unavailable)) => return Err(unavailable),
            Err(ReadError::Damaged(cause)) => {
                if let Some(over_at) = over_at {
                    calendar.set_over_at(event, over_at).await?;
                }
                park(event.clone(), DamagedRecord::Digest, cause, digests, now).await?;
                return Ok(DigestUpdate { parked: 1, ..DigestUpdate::default() });
            }
        };
        let before = state(&digest);
        for change in &changes {
            if let Change::Details(change) = change {
                digest.update_details(change, now);
            }
        }
        // A limit of the places is valid from the next decision on, also if the feed reports it later.
        if let StoredDetails::Some(details) = details {
            digest.take_in_details(details);
        }
        let of_attendees: Vec<&AttendeeChange> = changes.iter().filter_map(|change| change.attendee()).collect();
        let mailbox = |contact: &Contact| ContactId::of_mailbox(contact, ports.contact_secret);
        let is_repeated = |change: &&AttendeeChange| change.movement().is_some() && !digest.is_new(change);
        let new: Vec<&AttendeeChange> = of_attendees.iter().copied().filter(|change| !is_repeated(change)).collect();
        let movements = digest.add_changes(of_attendees.iter().copied(), mailbox, backoff, now);
        // A batch that only repeats what an expired digest contained does not bring its event back.
        if is_new && movements.is_empty() && before == state(&digest) {
            return Ok(DigestUpdate::default());
        }
        // A contact that comes after the end must be deleted too.
        let is_late_contact = has_new_contact && digest.over_at.is_some_and(|over_at| over_at <= now);
        if let Some(over_at) = over_at.filter(|over_at| is_late_contact || digest.over_at != Some(*over_at)) {
            calendar.set_over_at(event, over_at).await?;
        }
        digest.over_at = over_at.or(digest.over_at);
        let is_unchanged = movements.is_empty() && before == state(&digest);
        let version = digest.version;
        let stored = if digest.seats.is_some() {
            let rounds = SeatRounds { seats: ports.seats, changes: &of_attendees, mailbox: &mailbox, backoff, now };
            let has_news = rounds.announce_earlier(&mut digest, &new).await?;
            rounds.settle(&mut digest, is_unchanged && !has_news).await?
        } else if is_unchanged {
            Write::Stored
        } else {
            digests.store(&digest).await?
        };
        // Several rounds store the digest several times, and the first one stores the changes.
        if stored == Write::Stored || digest.version > version {
            total.joined += movements.joined;
            total.left += movements.left;
        }
        if stored == Write::Stored {
            let is_due = digest.due_at().is_some_and(|due_at| due_at <= now);
            let due = if is_due { vec![event.clone()] } else { Vec::new() };
            return Ok(DigestUpdate { movements: total, due, parked: 0 });
        }
    }
    Err(too_many_conflicts())
}

/// The parts of a digest that depend on the event's details.
fn state(digest: &Digest) -> (String, u64, Option<Timestamp>, Option<Timestamp>) {
    (digest.title.clone(), digest.details_version, digest.over_at, digest.expires_at)
}

fn too_many_conflicts() -> Unavailable {
    Unavailable { doing: "storing a digest", cause: format!("{MAX_ATTEMPTS} write conflicts in a row") }
}

/// The event's title in the first change.
fn title(changes: &[&Change]) -> String {
    let in_change = |change: &&Change| match change {
        Change::Attendee(change) => change.new.as_ref().or(change.old.as_ref()).map(|attendee| attendee.title.clone()),
        Change::Details(change) => change.new.as_ref().map(|details| details.content.title.to_string()),
    };
    changes.iter().find_map(in_change).unwrap_or_default()
}
