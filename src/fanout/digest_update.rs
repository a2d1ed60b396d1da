//! Brings the digest of one event up to date.

use std::time::Duration;

use crate::domain::backoff::BackoffPolicy;
use crate::domain::change::{AttendeeChange, Change, Movements};
use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::fanout::seats::{SeatRounds, for_each_party};
use crate::fanout::{DigestUpdate, EventPorts, MAX_ATTEMPTS, park, too_many_conflicts};
use crate::ports::{DamagedRecord, ReadError, Seats, StoredDetails, Unavailable, Write};

/// How long the change of an attendee may be on its way to the digest. If the attendees are counted meanwhile, it is not counted
/// again.
const MAX_CHANGE_DELAY: Duration = Duration::from_secs(5 * 60);

/// Adds changes to the digest of their event, and decides about its seats. If the organiser requested it, also counts the
/// attendees and the seats again.
pub(super) async fn add_to_digest(
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
    let mut attempts = 0;
    while attempts < MAX_ATTEMPTS {
        attempts += 1;
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
        let new: Vec<&AttendeeChange> = match digest.seats {
            Some(_) => of_attendees.iter().copied().filter(|change| !is_repeated(change)).collect(),
            None => Vec::new(),
        };
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
        let is_rebuilt = digest.rebuild_requested_at.is_some();
        if is_rebuilt {
            rebuild(&mut digest, ports.seats, now).await?;
        }
        let is_unchanged = movements.is_empty() && before == state(&digest) && !is_rebuilt;
        let version = digest.version;
        let mut has_damaged = false;
        let stored = if digest.seats.is_some() {
            let rounds = SeatRounds { seats: ports.seats, changes: &of_attendees, mailbox: &mailbox, backoff, now };
            let has_news = rounds.announce_earlier(&mut digest, &new).await?;
            let settled = rounds.settle(&mut digest, is_unchanged && !has_news).await?;
            has_damaged = settled.has_damaged;
            settled.write
        } else if is_unchanged {
            Write::Stored
        } else {
            digests.store(&digest).await?
        };
        // Several rounds store the digest several times, and the first one stores the changes.
        if stored == Write::Stored || digest.version > version {
            total.joined += movements.joined;
            total.left += movements.left;
            attempts = 0;
        }
        if stored == Write::Stored {
            let is_due = digest.due_at().is_some_and(|due_at| due_at <= now);
            let due = if is_due { vec![event.clone()] } else { Vec::new() };
            let mut parked = 0;
            if has_damaged {
                let cause = "the record of an attendee or a seat is damaged".to_owned();
                park(event.clone(), DamagedRecord::Change, cause, digests, now).await?;
                parked = 1;
            }
            return Ok(DigestUpdate { movements: total, due, parked });
        }
    }
    Err(too_many_conflicts())
}

/// Counts the attendees of an event again, or begins to count its seats.
async fn rebuild(digest: &mut Digest, seats: &dyn Seats, now: Timestamp) -> Result<(), Unavailable> {
    match &mut digest.seats {
        // An earlier attempt has begun already.
        Some(seats) if seats.recount.is_some() => {}
        Some(seats) => seats.begin_recount(false),
        None => {
            digest.count = 0;
            let event = digest.event.clone();
            for_each_party(seats, &event, |party| {
                let Some(attendee) = party.attendee.filter(|attendee| attendee.registration().is_some()) else {
                    return;
                };
                digest.count += 1;
                if now.since(attendee.newest.requested_at) < MAX_CHANGE_DELAY {
                    digest.remember_as_counted(&attendee);
                }
            })
            .await?;
            digest.rebuild_requested_at = None;
        }
    }
    Ok(())
}

/// The parts of a digest that depend on the event's details.
fn state(digest: &Digest) -> (String, u64, Option<Timestamp>, Option<Timestamp>) {
    (digest.title.clone(), digest.details_version, digest.over_at, digest.expires_at)
}

/// The event's title in the first change.
fn title(changes: &[&Change]) -> String {
    let in_change = |change: &&Change| match change {
        Change::Attendee(change) => change.new.as_ref().or(change.old.as_ref()).map(|attendee| attendee.title.clone()),
        Change::Details(change) => change.new.as_ref().map(|details| details.content.title.to_string()),
    };
    changes.iter().find_map(in_change).unwrap_or_default()
}
