//! The digest of one event: its attendee count, its pending changes, and the progress of the announcement being sent.

mod sending;

pub use self::sending::{Late, MISSED_MAX, Sending};

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::attendee::TOMBSTONE_RETENTION;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::backoff::{Backoff, BackoffPolicy};
use crate::domain::change::{AttendeeChange, DetailsChange, Movement, Movements};
use crate::domain::event::EventId;
use crate::domain::event_announcement::EventAnnouncement;
use crate::domain::pending_changes::{MAX_NAMED_CHANGES, NamedChange, PendingChanges};
use crate::domain::rekeying::Rekeying;
use crate::domain::signup::Version;
use crate::domain::timestamp::{Timestamp, millis};
use crate::domain::viewer::View;

/// The number of recent changes whose hashes are stored in a digest. It is larger than a batch of the change feed
/// (100), so that a batch that is delivered again after a crash is counted only once.
pub const MAX_CHANGE_HASHES: usize = 256;

/// How far the time of an announcement may be ahead of the clock, so that announcements stay in order after the clock was set
/// back. Times that are further ahead come from a clock that was wrong.
const MAX_LEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// Everything that is needed to announce the changes of one event. It is stored as one record with a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    pub event: EventId,
    /// The title in the event's details, or else in the first sign-up.
    pub title: String,
    /// The number of attendees on the roster.
    pub count: u64,
    /// Changes that are not part of an announcement yet.
    pub pending: Option<PendingDigest>,
    /// The announcement that is being sent to the roster.
    pub sending: Option<Sending>,
    /// When the last announcement was made ([`EventAnnouncement::at`]).
    pub announced_at: Option<Timestamp>,
    /// Recipients of earlier announcements whose notifications failed, in groups that missed the same changes.
    pub late: Vec<Late>,
    /// The lease of the worker that is sending this digest.
    pub lease: Option<Lease>,
    /// `None` before the first announcement and after a long time without activity.
    pub backoff: Option<Backoff>,
    /// The time of the last change or announcement.
    pub active_at: Option<Timestamp>,
    /// The hashes of the last [`MAX_CHANGE_HASHES`] changes, oldest first.
    pub seen: VecDeque<ChangeHash>,
    /// The version of the event's details that was taken in last, or 0 if the event has none. An event with details stays
    /// although nobody is on its roster.
    pub details_version: u64,
    /// When the event is over, as stored in the calendar. `None` if it is not in the calendar yet.
    pub over_at: Option<Timestamp>,
    /// When the digest of an event without attendees and details is deleted. `None` if the event has attendees or details.
    pub expires_at: Option<Timestamp>,
    /// The version that was read, or 0 if the digest was never stored. A write
    /// fails if another version is stored by then.
    pub version: u64,
}

/// Changes that are not announced yet, and the time from which they may be announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingDigest {
    #[serde(flatten)]
    pub news: PendingChanges,
    #[serde(with = "millis")]
    pub due_at: Timestamp,
}

/// The exclusive right to send a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// A random number that identifies the worker.
    pub holder: u64,
    #[serde(with = "millis")]
    pub ends_at: Timestamp,
}

/// What the holder of a new lease sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// What an earlier holder began, and recipients who failed.
    Earlier,
    /// An announcement that begins now. It must be stored together with the digest, and with what attendees may see of the
    /// event: until then, that is nothing.
    New(EventAnnouncement),
}

/// The first 8 bytes of a SHA-256 hash of a change's name, movement and request.
/// It detects changes that were added before.
pub type ChangeHash = [u8; 8];

impl Digest {
    /// Creates the digest of a new event.
    pub fn new(event: EventId, title: String) -> Self {
        Self {
            event,
            title,
            count: 0,
            pending: None,
            sending: None,
            announced_at: None,
            late: Vec::new(),
            lease: None,
            backoff: None,
            active_at: None,
            seen: VecDeque::new(),
            details_version: 0,
            over_at: None,
            expires_at: None,
            version: 0,
        }
    }

    /// Returns when the digest is due, or `None` if there is nothing to send.
    pub fn due_at(&self) -> Option<Timestamp> {
        let due_at = match &self.sending {
            // Late recipients wait until this announcement is sent, since they get its changes too.
            Some(sending) => sending.next_at,
            None => self.late.iter().map(|late| late.next_at).chain(self.next_announcement_at()).min()?,
        };
        Some(self.lease.map_or(due_at, |lease| due_at.max(lease.ends_at)))
    }

    /// Returns whether the digest has expired. The next sign-up then creates a new one.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Adds changes of the event, except those that were added before. Returns how many attendees
    /// joined and left through the added changes.
    pub fn add_changes<'a>(
        &mut self,
        changes: impl IntoIterator<Item = &'a AttendeeChange>,
        policy: &BackoffPolicy,
        now: Timestamp,
    ) -> Movements {
        let mut added = Movements::default();
        for change in changes {
            let Some((movement, attendee)) = change.movement() else { continue };
            let hash = change_hash(&attendee.name, movement, &attendee.newest);
            if self.seen.contains(&hash) {
                continue;
            }
            if self.seen.len() == MAX_CHANGE_HASHES {
                self.seen.pop_front();
            }
            self.seen.push_back(hash);
            added.add(movement);
            self.count = match movement {
                Movement::Joined => self.count.saturating_add(1),
                Movement::Left => self.count.saturating_sub(1),
            };
            let named =
                NamedChange { name: attendee.name.clone(), movement, requested_at: attendee.newest.requested_at };
            self.get_or_create_pending(policy, now).news.add(named, MAX_NAMED_CHANGES);
            let was_removed = change.new.is_none();
            self.expires_at = match self.count {
                0 if self.details_version > 0 => None,
                0 if was_removed => Some(now),
                0 => Some(now.plus(TOMBSTONE_RETENTION).to_whole_second()),
                _ => None,
            };
        }
        added
    }

    /// Takes in a change of the event's details. Repeating it has no effect, whatever was taken in since.
    pub fn update_details(&mut self, change: &DetailsChange, now: Timestamp) {
        match &change.new {
            Some(details) if details.version > self.details_version => {
                self.details_version = details.version;
                self.title = details.content.title.to_string();
                self.expires_at = None;
            }
            Some(_) => {}
            None => {
                self.details_version = 0;
                self.expires_at = self.expires_at.or((self.count == 0).then_some(now));
            }
        }
    }

    /// Returns the pending changes, which are created if there are none.
    fn get_or_create_pending(&mut self, policy: &BackoffPolicy, now: Timestamp) -> &mut PendingDigest {
        if self.active_at.is_some_and(|at| now.since(at) >= policy.maximum) {
            self.backoff = None;
        }
        self.active_at = Some(now);
        let due_at = due_at_after(self.backoff, policy, now);
        let pending =
            self.pending.get_or_insert_with(|| PendingDigest { news: PendingChanges::opened_at(now), due_at });
        // If the clock was set back, stored times may be far in the future. The changes must not wait for them.
        pending.news.opened_at = pending.news.opened_at.min(now);
        pending.due_at = pending.due_at.min(now.plus(policy.maximum));
        pending
    }

    /// Acquires the lease if the digest is due, and returns `None` otherwise. Also begins the next announcement if none is
    /// being sent. The caller must store the digest before it sends anything.
    pub fn claim(&mut self, lease: Lease, now: Timestamp) -> Option<Claim> {
        if self.due_at().is_none_or(|due_at| due_at > now) {
            return None;
        }
        // A lease that ended but was not released means that its worker crashed.
        if self.lease.is_some() {
            self.sending.iter_mut().for_each(|sending| sending.is_resumed = true);
            self.late.iter_mut().for_each(Late::doubt);
        }
        self.lease = Some(lease);
        let may_begin = self.next_announcement_at().is_some_and(|begins_at| begins_at <= now);
        if self.sending.is_some() || !may_begin {
            return Some(Claim::Earlier);
        }
        Some(self.pending.take().map_or(Claim::Earlier, |pending| Claim::New(self.announce(pending.news, now))))
    }

    /// Begins an announcement.
    fn announce(&mut self, changes: PendingChanges, now: Timestamp) -> EventAnnouncement {
        let requested_at = changes.named.iter().map(|change| change.requested_at);
        let latest = self.announced_at.into_iter().chain(requested_at).filter(|at| at.since(now) <= MAX_LEAD).max();
        let at = latest.map_or(now, |latest| now.max(latest.plus(Duration::from_millis(1))));
        self.announced_at = Some(at);
        let number = u64::try_from(at.as_millis()).expect("a timestamp is later than 1970");
        let sending = Sending::begin(changes.clone(), number, now);
        for late in &mut self.late {
            late.hear_of(&sending, now);
        }
        self.sending = Some(sending);
        let (event, title) = (self.event.clone(), self.title.clone());
        let view = View { roster: false, count: false };
        EventAnnouncement { event, at, title, count: self.count, changes, view }
    }

    /// Ends the lease of a worker that is known to have stopped, so that the digest is due at once. The next worker still
    /// recognises that the earlier one crashed.
    pub fn end_lease(&mut self, now: Timestamp) {
        if let Some(lease) = &mut self.lease {
            lease.ends_at = lease.ends_at.min(now);
        }
    }

    /// Returns whether the worker `holder` still has the lease.
    pub fn is_held_by(&self, holder: u64) -> bool {
        self.lease.is_some_and(|lease| lease.holder == holder)
    }

    /// Ends the announcement after its last recipient and begins the backoff. Recipients whose
    /// notification failed become late recipients.
    pub fn finish_sending(&mut self, policy: &BackoffPolicy, now: Timestamp) {
        let Some(sending) = self.sending.take() else { return };
        self.late.extend(sending.into_late(now));
        self.backoff = Some(Backoff::after(self.backoff, policy, now));
        self.active_at = Some(now);
        let due_at = due_at_after(self.backoff, policy, now);
        if let Some(pending) = &mut self.pending {
            pending.due_at = due_at;
        }
    }

    fn count_late_recipients(&self) -> usize {
        self.late.iter().map(|late| late.recipients.len()).sum()
    }

    /// Returns when the next announcement may begin, or `None` if no changes are pending or there are
    /// already too many late recipients to store more.
    fn next_announcement_at(&self) -> Option<Timestamp> {
        let pending = self.pending.as_ref().filter(|_| self.count_late_recipients() < sending::LATE_MAX)?;
        Some(pending.due_at)
    }

    /// Keeps an attendee a recipient of the announcement that is being sent, although their key changed to one that the
    /// announcement has passed. They get it with the failed recipients. Returns whether this changed the digest.
    pub fn keep_recipient(&mut self, rekeying: &Rekeying) -> bool {
        let Rekeying { from, to, .. } = rekeying;
        let is_late = self.late.iter().any(|late| late.recipients.contains(from));
        let Some(sending) = self.sending.as_mut().filter(|_| !is_late) else { return false };
        let is_skipped = sending.told_to.as_ref().is_some_and(|told_to| to <= told_to && told_to < from);
        if !is_skipped || sending.missed.contains(to) {
            return false;
        }
        sending.missed.push(to.clone());
        true
    }

    /// Returns the number of recipients who are stored because their notification failed.
    pub fn missed(&self) -> usize {
        self.count_late_recipients() + self.sending.as_ref().map_or(0, |sending| sending.missed.len())
    }

    /// Drops recipients whose notification has been failing for at least `max_age`, and returns their number. Also ends an
    /// announcement that began at least `max_age` ago. Recipients who were not tried by then do not get it and are not
    /// counted.
    pub fn expire_failed(&mut self, max_age: Duration, policy: &BackoffPolicy, now: Timestamp) -> u64 {
        let mut expired = 0;
        if let Some(sending) = self.sending.as_mut().filter(|sending| now.since(sending.begun_at) >= max_age) {
            expired += std::mem::take(&mut sending.missed).len() as u64;
            self.finish_sending(policy, now);
        }
        self.late.retain(|late| {
            let is_kept = now.since(late.since) < max_age;
            expired += if is_kept { 0 } else { late.recipients.len() as u64 };
            is_kept
        });
        expired
    }
}

fn due_at_after(backoff: Option<Backoff>, policy: &BackoffPolicy, now: Timestamp) -> Timestamp {
    backoff.map_or(now, |backoff| backoff.ends_at.clamp(now, now.plus(policy.maximum)))
}

fn change_hash(name: &AttendeeName, movement: Movement, newest: &Version) -> ChangeHash {
    let movement: &str = movement.into();
    // A line break separates the parts, since none of them can contain one. The time is included because publishers may
    // reuse an id.
    let (at, id) = (newest.requested_at.as_millis(), &newest.id);
    // A change that is repeated after its attendee got another key has the same hash.
    let hash = Sha256::digest(format!("{movement}\n{at}\n{id}\n{}", name.lookup_key().as_str()));
    *hash.first_chunk().expect("a SHA-256 hash has 32 bytes")
}

#[cfg(test)]
mod tests;
