//! The digest of one event: its attendee count, its pending changes, and how far its last announcement has been put into the
//! outbox.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::attendee::{Attendee, TOMBSTONE_RETENTION};
use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::backoff::{Backoff, BackoffPolicy};
use crate::domain::change::{AttendeeChange, DetailsChange, Movement, Movements};
use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
use crate::domain::event::EventId;
use crate::domain::event_announcement::EventAnnouncement;
use crate::domain::event_details::{Content, EventDetails};
use crate::domain::pending_changes::{MAX_NAMED_CHANGES, NamedChange, PendingChanges};
use crate::domain::rekeying::Rekeying;
use crate::domain::seats::EventSeats;
use crate::domain::signup::Version;
use crate::domain::timestamp::{Timestamp, millis};
use crate::domain::viewer::View;

/// The number of recent changes whose hashes are stored in a digest. It is larger than a batch of the change feed
/// (100), so that a batch that is delivered again after a crash is counted only once.
pub const MAX_CHANGE_HASHES: usize = 256;

/// How far the time of an announcement may be ahead of the clock, so that announcements stay in order after the clock was set
/// back. Times that are further ahead come from a clock that was wrong.
pub const MAX_LEAD: Duration = Duration::from_secs(24 * 60 * 60);

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
    /// The announcement that is being put into the outbox, for one recipient after the other.
    pub expansion: Option<Expansion>,
    /// When the last announcement was made ([`EventAnnouncement::at`]).
    pub announced_at: Option<Timestamp>,
    /// Recipients whom an earlier version of the program could not tell what the event announced.
    pub owed: Vec<Owed>,
    /// What an earlier version of the program was announcing. It did not store announcements.
    pub earlier_news: Option<PendingChanges>,
    /// The lease of the worker that is putting the announcement into the outbox.
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
    /// The seats, if the number of places is limited or was limited once.
    pub seats: Option<EventSeats>,
    /// When the organiser requested that the attendees and seats are counted again. `None` if this is done.
    pub rebuild_requested_at: Option<Timestamp>,
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

/// How far an announcement has been put into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// The [announcement](EventAnnouncement::at).
    pub announced_at: Timestamp,
    pub begun_at: Timestamp,
    /// All recipients up to this name have a message in the outbox. With a name that is empty, those are the subscribers who
    /// follow all events.
    pub after: Option<NameKey>,
}

/// Recipients who were not told what an event has announced from some time on. The name `#everybody` stands for the
/// subscribers who follow all events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    pub since: Timestamp,
    pub names: Vec<NameKey>,
}

/// The exclusive right to put the announcements of an event into the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// A random number that identifies the worker.
    pub holder: u64,
    #[serde(with = "millis")]
    pub ends_at: Timestamp,
}

/// What the holder of a new lease puts into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// An announcement that is stored already.
    Stored,
    /// An announcement that must be stored together with the digest, and with what attendees may see of the event: until
    /// then, that is nothing.
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
            expansion: None,
            announced_at: None,
            owed: Vec::new(),
            earlier_news: None,
            lease: None,
            backoff: None,
            active_at: None,
            seen: VecDeque::new(),
            details_version: 0,
            seats: None,
            rebuild_requested_at: None,
            over_at: None,
            expires_at: None,
            version: 0,
        }
    }

    /// Returns when the digest is due, or `None` if there is nothing to announce or to count.
    pub fn due_at(&self) -> Option<Timestamp> {
        let begun_at = self.expansion.as_ref().map(|expansion| expansion.begun_at);
        let begun_at = begun_at.or(self.owed.first().map(|owed| owed.since));
        let due_at = begun_at.or(self.pending.as_ref().map(|pending| pending.due_at));
        let due_at = due_at.into_iter().chain(self.rebuild_requested_at).min()?;
        Some(self.lease.map_or(due_at, |lease| due_at.max(lease.ends_at)))
    }

    /// Returns whether the digest has expired. The next sign-up then creates a new one.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Adds changes of the event, except those that were added before. Returns how many attendees
    /// joined and left through the added changes. `mailbox` returns the [id of a mailbox](ContactId::of_mailbox).
    pub fn add_changes<'a>(
        &mut self,
        changes: impl IntoIterator<Item = &'a AttendeeChange>,
        mailbox: impl Fn(&Contact) -> ContactId,
        policy: &BackoffPolicy,
        now: Timestamp,
    ) -> Movements {
        let mut added = Movements::default();
        for change in changes {
            let Some((movement, _)) = change.movement() else { continue };
            let Some(hash) = self.new_hash(change) else { continue };
            self.remember(hash);
            added.add(movement);
            self.count = match movement {
                Movement::Joined => self.count.saturating_add(1),
                Movement::Left => self.count.saturating_sub(1),
            };
            // On an event with seats, news is who gets a place and who gives it back.
            if self.seats.is_none() {
                let named = NamedChange::of(change, movement, &mailbox);
                named.into_iter().for_each(|named| self.add_news(named, policy, now));
            }
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

    /// Remembers that an attendee on the roster is counted already. The change by which they joined may still come.
    pub fn remember_as_counted(&mut self, attendee: &Attendee) {
        self.remember(change_hash(&attendee.name, Movement::Joined, &attendee.newest));
    }

    fn remember(&mut self, hash: ChangeHash) {
        if self.seen.len() == MAX_CHANGE_HASHES {
            self.seen.pop_front();
        }
        self.seen.push_back(hash);
    }

    /// Returns whether somebody joined or left with this change, and it was not added before.
    pub fn is_new(&self, change: &AttendeeChange) -> bool {
        self.new_hash(change).is_some()
    }

    fn new_hash(&self, change: &AttendeeChange) -> Option<ChangeHash> {
        let (movement, attendee) = change.movement()?;
        let hash = change_hash(&attendee.name, movement, &attendee.newest);
        (!self.seen.contains(&hash)).then_some(hash)
    }

    /// Adds a change that will be announced.
    pub fn add_news(&mut self, change: NamedChange, policy: &BackoffPolicy, now: Timestamp) {
        self.get_or_create_pending(policy, now).news.add(change, MAX_NAMED_CHANGES);
    }

    /// Takes in the details of the event, unless they are older than those that were taken in.
    pub fn take_in_details(&mut self, details: &EventDetails) {
        // An earlier version of the program stores the digest without seats.
        if details.version == self.details_version && self.seats.is_none() {
            self.limit_places(details, false);
        }
        if details.version <= self.details_version {
            return;
        }
        self.details_version = details.version;
        self.title = details.content.title.to_string();
        self.expires_at = None;
        self.limit_places(details, true);
    }

    /// Takes in the number of places. When it is limited for the first time, those who signed up before are counted.
    fn limit_places(&mut self, details: &EventDetails, is_first: bool) {
        let EventDetails { content: Content { capacity, .. }, limited_since, created_at, .. } = details;
        let Some(limited_since) = limited_since.or(capacity.map(|_| *created_at)) else { return };
        let version = self.version;
        let seats = self.seats.get_or_insert_with(|| {
            let mut seats = EventSeats::after_versions(version, limited_since);
            // An event that was created with a limit has no earlier attendees.
            if version > 0 || limited_since != *created_at {
                seats.begin_recount(is_first);
            }
            seats
        });
        seats.capacity = *capacity;
    }

    /// Takes in a change of the event's details. Repeating it has no effect, whatever was taken in since.
    pub fn update_details(&mut self, change: &DetailsChange, now: Timestamp) {
        match &change.new {
            Some(details) => self.take_in_details(details),
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

    /// Acquires the lease if the digest is due, and returns `None` otherwise. Also makes the next announcement and begins the
    /// backoff, unless an earlier announcement is not in the outbox completely. The caller must store the digest before it
    /// puts anything into the outbox.
    pub fn claim(&mut self, lease: Lease, policy: &BackoffPolicy, now: Timestamp) -> Option<Claim> {
        // The counts must be right before they are announced.
        let is_counting = self.seats.as_ref().is_some_and(|seats| seats.recount.is_some());
        if is_counting || self.rebuild_requested_at.is_some() || self.due_at().is_none_or(|due_at| due_at > now) {
            return None;
        }
        self.lease = Some(lease);
        let owed_since = self.owed.iter().map(|owed| owed.since);
        let unfinished = owed_since.chain(self.expansion.as_ref().map(|expansion| expansion.announced_at)).min();
        if let Some(at) = unfinished {
            // Earlier versions began the backoff after the last recipient.
            let begun_at = self.expansion.as_ref().map(|expansion| expansion.begun_at);
            if begun_at.is_some_and(|begun_at| self.backoff.is_none_or(|backoff| backoff.ends_at <= begun_at)) {
                self.begin_backoff(policy, now);
            }
            let Some(changes) = self.earlier_news.take() else { return Some(Claim::Stored) };
            self.announced_at = Some(at);
            self.expansion.iter_mut().for_each(|expansion| expansion.announced_at = at);
            let announcement = EventAnnouncement { has_watermarks: false, ..self.announcement(at, changes) };
            return Some(Claim::New(announcement));
        }
        let pending = self.pending.take()?;
        Some(Claim::New(self.announce(pending.news, policy, now)))
    }

    /// Begins an announcement.
    fn announce(&mut self, changes: PendingChanges, policy: &BackoffPolicy, now: Timestamp) -> EventAnnouncement {
        let requested_at = changes.named.iter().map(|change| change.requested_at);
        let latest = self.announced_at.into_iter().chain(requested_at).filter(|at| at.since(now) <= MAX_LEAD).max();
        let at = latest.map_or(now, |latest| now.max(latest.plus(Duration::from_millis(1))));
        self.announced_at = Some(at);
        self.expansion = Some(Expansion { announced_at: at, begun_at: now, after: None });
        self.begin_backoff(policy, now);
        self.announcement(at, changes)
    }

    fn begin_backoff(&mut self, policy: &BackoffPolicy, now: Timestamp) {
        self.backoff = Some(Backoff::after(self.backoff, policy, now));
        self.active_at = Some(now);
        let due_at = due_at_after(self.backoff, policy, now);
        if let Some(pending) = &mut self.pending {
            pending.due_at = due_at;
        }
    }

    fn announcement(&self, at: Timestamp, changes: PendingChanges) -> EventAnnouncement {
        let (event, title) = (self.event.clone(), self.title.clone());
        let view = View { roster: false, count: false };
        let count = self.seats.as_ref().map_or(self.count, |seats| seats.parties);
        EventAnnouncement { event, at, title, count, changes, view, has_watermarks: true }
    }

    /// Ends the lease of a worker that is known to have stopped, so that the digest is due at once.
    pub fn end_lease(&mut self, now: Timestamp) {
        if let Some(lease) = &mut self.lease {
            lease.ends_at = lease.ends_at.min(now);
        }
    }

    /// Returns whether the worker `holder` still has the lease.
    pub fn is_held_by(&self, holder: u64) -> bool {
        self.lease.is_some_and(|lease| lease.holder == holder)
    }

    /// Keeps an attendee a recipient of the announcement that is being put into the outbox, although their key changed to one
    /// that was passed already. Returns whether this changed the digest.
    pub fn keep_recipient(&mut self, rekeying: &Rekeying) -> bool {
        let Rekeying { from, to, .. } = rekeying;
        let is_owed = self.owed.iter().any(|owed| owed.names.contains(from) || owed.names.contains(to));
        let Some(expansion) = self.expansion.as_ref().filter(|_| !is_owed) else { return false };
        if expansion.after.as_ref().is_none_or(|after| to > after || after >= from) {
            return false;
        }
        self.owed.push(Owed { since: expansion.announced_at, names: vec![to.clone()] });
        true
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
