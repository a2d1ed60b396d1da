//! The digest of one event: its counts, its pending changes, and the announcement that is being sent.

mod sending;

pub use self::sending::{Late, MISSED_MAX, Sending};

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::attendee::TOMBSTONE;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::backoff::{Backoff, BackoffPolicy};
use crate::domain::change::{Change, Movement, Movements};
use crate::domain::event::EventId;
use crate::domain::pending_changes::{NAMED_CHANGES, NamedChange, PendingChanges};
use crate::domain::signup::Version;
use crate::domain::timestamp::{Timestamp, millis};

/// How many recent changes a digest remembers by their hashes. It is more than a stream batch holds (100), so a batch that is
/// delivered again after a crash counts once.
pub const REMEMBERED: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    pub event: EventId,
    /// The title of the first sign-up.
    pub title: String,
    /// Attendees who are in.
    pub count: u64,
    pub pending: Option<PendingDigest>,
    /// The announcement that is being sent to the roster.
    pub sending: Option<Sending>,
    /// Recipients of earlier announcements whose notification failed, grouped with the changes that they missed.
    pub late: Vec<Late>,
    /// Held by the worker that sends this digest.
    pub lease: Option<Lease>,
    pub backoff: Option<Backoff>,
    /// When the last change or announcement was.
    pub active_at: Option<Timestamp>,
    /// The last [`REMEMBERED`] changes, oldest first.
    pub seen: VecDeque<ChangeHash>,
    /// When an event without attendees is deleted.
    pub expires_at: Option<Timestamp>,
    /// The stored version; 0 if the digest was never stored. A write is a conflict if another version is stored.
    pub version: u64,
}

/// Changes that are not announced yet, and when they may be announced.
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
    /// A random number of one worker.
    pub holder: u64,
    #[serde(with = "millis")]
    pub ends_at: Timestamp,
}

/// The first 8 bytes of a SHA-256 over a change's name, movement and request. It detects a change that was added before.
pub type ChangeHash = [u8; 8];

impl Digest {
    /// The digest of a new event.
    pub fn new(event: EventId, title: String) -> Self {
        Self {
            event,
            title,
            count: 0,
            pending: None,
            sending: None,
            late: Vec::new(),
            lease: None,
            backoff: None,
            active_at: None,
            seen: VecDeque::new(),
            expires_at: None,
            version: 0,
        }
    }

    /// When the digest is due; none if there is nothing to send.
    pub fn due_at(&self) -> Option<Timestamp> {
        let due_at = match &self.sending {
            // Late recipients wait for this announcement: they get its changes too.
            Some(sending) => sending.next_at,
            None => self.late.iter().map(|late| late.next_at).chain(self.begins_at()).min()?,
        };
        Some(self.lease.map_or(due_at, |lease| due_at.max(lease.ends_at)))
    }

    /// Whether the digest has expired. The next sign-up then begins a new one.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Adds changes of the event, except those that were added before. Returns the number of attendees who joined and left by
    /// the added ones.
    pub fn add_changes<'a>(
        &mut self,
        changes: impl IntoIterator<Item = &'a Change>,
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
            if self.seen.len() == REMEMBERED {
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
            self.pending_at(policy, now).news.add(named, NAMED_CHANGES);
            let was_removed = change.new.is_none();
            self.expires_at = match self.count {
                0 if was_removed => Some(now),
                0 => Some(now.plus(TOMBSTONE).to_whole_second()),
                _ => None,
            };
        }
        added
    }

    /// The pending digest. It is opened now if there is none.
    fn pending_at(&mut self, policy: &BackoffPolicy, now: Timestamp) -> &mut PendingDigest {
        if self.active_at.is_some_and(|at| now.since(at) >= policy.maximum) {
            self.backoff = None;
        }
        self.active_at = Some(now);
        let due_at = due_at_after(self.backoff, policy, now);
        let pending =
            self.pending.get_or_insert_with(|| PendingDigest { news: PendingChanges::opened_at(now), due_at });
        // If the clock was set back, the pending changes must not wait until it has caught up.
        pending.news.opened_at = pending.news.opened_at.min(now);
        pending.due_at = pending.due_at.min(now.plus(policy.maximum));
        pending
    }

    /// Takes the lease if the digest is due, and begins the next announcement if none is being sent. The caller must store the
    /// digest before it sends anything.
    pub fn claim(&mut self, lease: Lease, now: Timestamp) -> bool {
        if self.due_at().is_none_or(|due_at| due_at > now) {
            return false;
        }
        if self.lease.is_some() {
            self.sending.iter_mut().for_each(|sending| sending.is_resumed = true);
            self.late.iter_mut().for_each(Late::doubt);
        }
        let may_begin = self.begins_at().is_some_and(|begins_at| begins_at <= now);
        if self.sending.is_none()
            && may_begin
            && let Some(pending) = self.pending.take()
        {
            let sending = Sending::begin(pending.news, self.version + 1, now);
            for late in &mut self.late {
                late.hear_of(&sending, now);
            }
            self.sending = Some(sending);
        }
        self.lease = Some(lease);
        true
    }

    /// Whether this worker still has the lease.
    pub fn is_held_by(&self, holder: u64) -> bool {
        self.lease.is_some_and(|lease| lease.holder == holder)
    }

    /// Ends the announcement: every recipient was notified or is late. The backoff begins.
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

    fn late_recipients(&self) -> usize {
        self.late.iter().map(|late| late.recipients.len()).sum()
    }

    /// When the next announcement may begin; none without pending changes, or without room for further late recipients.
    fn begins_at(&self) -> Option<Timestamp> {
        let pending = self.pending.as_ref().filter(|_| self.late_recipients() < sending::LATE_MAX)?;
        Some(pending.due_at)
    }

    /// Recipients who are stored by name because their notification failed.
    pub fn missed(&self) -> usize {
        self.late_recipients() + self.sending.as_ref().map_or(0, |sending| sending.missed.len())
    }

    /// Drops recipients whose notification has failed for `after`. Returns how many of them were stored by name.
    pub fn expire_failed(&mut self, after: Duration, policy: &BackoffPolicy, now: Timestamp) -> u64 {
        let mut expired = 0;
        if let Some(sending) = self.sending.as_mut().filter(|sending| now.since(sending.begun_at) >= after) {
            expired += std::mem::take(&mut sending.missed).len() as u64;
            self.finish_sending(policy, now);
        }
        self.late.retain(|late| {
            let keeps = now.since(late.since) < after;
            expired += if keeps { 0 } else { late.recipients.len() as u64 };
            keeps
        });
        expired
    }
}

fn due_at_after(backoff: Option<Backoff>, policy: &BackoffPolicy, now: Timestamp) -> Timestamp {
    backoff.map_or(now, |backoff| backoff.ends_at.clamp(now, now.plus(policy.maximum)))
}

fn change_hash(name: &AttendeeName, movement: Movement, newest: &Version) -> ChangeHash {
    let movement: &str = movement.into();
    // None of the parts can contain a line break. Publishers may use an id twice, so the time is part of the hash.
    let (at, id) = (newest.requested_at.as_millis(), &newest.id);
    let hash = Sha256::digest(format!("{movement}\n{at}\n{id}\n{}", name.key().as_str()));
    *hash.first_chunk().expect("a SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests;
