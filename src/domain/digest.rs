//! What is known of an event and not announced yet: its title, how many are in, what waits, whom it goes to just now.

mod sending;

pub use self::sending::{Late, MISSED_MAX, Sending};

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::attendee::TOMBSTONE;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::backoff::{Noise, Quiet};
use crate::domain::change::{Change, Movement, Movements};
use crate::domain::event::EventId;
use crate::domain::pending_changes::{NAMED_CHANGES, NamedChange, News};
use crate::domain::signup::Version;
use crate::domain::timestamp::{Timestamp, millis};

/// Changes by which a digest knows that it took one in before; more than a stream batch holds (100), so that a batch
/// that is replayed after a crash counts once.
pub const REMEMBERED: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    pub event: EventId,
    /// The title under which the first of all came.
    pub title: String,
    /// How many are in.
    pub count: u64,
    pub waiting: Option<Waiting>,
    /// What is on its way to the roster.
    pub sending: Option<Sending>,
    /// Who could not be told yet of what was sent before, each group with what it has missed.
    pub late: Vec<Late>,
    /// Somebody is sending, until they are done or this is over.
    pub lease: Option<Lease>,
    pub quiet: Option<Quiet>,
    /// When something last changed or was announced.
    pub stirred_at: Option<Timestamp>,
    /// The last [`REMEMBERED`] changes, oldest first.
    pub seen: VecDeque<Mark>,
    /// When an event that nobody is in is forgotten.
    pub expires_at: Option<Timestamp>,
    /// How often it was stored; 0 if never. A store that finds another version changes nothing.
    pub version: u64,
}

/// News, and from when on it may be announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    #[serde(flatten)]
    pub news: News,
    #[serde(with = "millis")]
    pub due_at: Timestamp,
}

/// Whoever has it is alone at sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Nobody else's.
    pub holder: u64,
    #[serde(with = "millis")]
    pub ends_at: Timestamp,
}

/// By which a change is known again: the first 8 bytes of a SHA-256 over who, which way and by which request.
pub type Mark = [u8; 8];

impl Digest {
    /// Of an event that nothing is known of yet.
    pub fn new(event: EventId, title: String) -> Self {
        Self {
            event,
            title,
            count: 0,
            waiting: None,
            sending: None,
            late: Vec::new(),
            lease: None,
            quiet: None,
            stirred_at: None,
            seen: VecDeque::new(),
            expires_at: None,
            version: 0,
        }
    }

    /// Since when there is something to send, if there is.
    pub fn due_at(&self) -> Option<Timestamp> {
        let due_at = match &self.sending {
            // Who is late waits for it: they hear of it too.
            Some(sending) => sending.next_at,
            None => self.late.iter().map(|late| late.next_at).chain(self.begins_at()).min()?,
        };
        Some(self.lease.map_or(due_at, |lease| due_at.max(lease.ends_at)))
    }

    /// Whether the event is forgotten, and whoever comes is the first again.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Takes in the changes of its event that it has not taken in before; which way those went.
    pub fn take_in<'a>(
        &mut self,
        changes: impl IntoIterator<Item = &'a Change>,
        noise: &Noise,
        now: Timestamp,
    ) -> Movements {
        let mut taken = Movements::default();
        for change in changes {
            let Some((movement, attendee)) = change.movement() else { continue };
            let mark = mark(&attendee.name, movement, &attendee.newest);
            if self.seen.contains(&mark) {
                continue;
            }
            if self.seen.len() == REMEMBERED {
                self.seen.pop_front();
            }
            self.seen.push_back(mark);
            taken.add(movement);
            self.count = match movement {
                Movement::Joined => self.count.saturating_add(1),
                Movement::Left => self.count.saturating_sub(1),
            };
            let named =
                NamedChange { name: attendee.name.clone(), movement, requested_at: attendee.newest.requested_at };
            self.waiting(noise, now).news.add(named, NAMED_CHANGES);
            let was_removed = change.new.is_none();
            self.expires_at = match self.count {
                0 if was_removed => Some(now),
                0 => Some(now.plus(TOMBSTONE).to_whole_second()),
                _ => None,
            };
        }
        taken
    }

    /// What waits, opened now if nothing did.
    fn waiting(&mut self, noise: &Noise, now: Timestamp) -> &mut Waiting {
        if self.stirred_at.is_some_and(|at| now.since(at) >= noise.longest_wait) {
            self.quiet = None;
        }
        self.stirred_at = Some(now);
        let due_at = self.due_at_after(self.quiet, noise, now);
        let waiting = self.waiting.get_or_insert_with(|| Waiting { news: News::opened_at(now), due_at });
        // A clock that was set back must not have them wait until it has caught up.
        waiting.news.opened_at = waiting.news.opened_at.min(now);
        waiting.due_at = waiting.due_at.min(now.plus(noise.longest_wait));
        waiting
    }

    fn due_at_after(&self, quiet: Option<Quiet>, noise: &Noise, now: Timestamp) -> Timestamp {
        quiet.map_or(now, |quiet| quiet.ends_at.clamp(now, now.plus(noise.longest_wait)))
    }

    /// Begins or goes on with sending, if something is due and nobody else is at it. To be stored before anything is
    /// sent.
    pub fn claim(&mut self, lease: Lease, now: Timestamp) -> bool {
        if self.due_at().is_none_or(|due_at| due_at > now) {
            return false;
        }
        if self.lease.is_some() {
            self.sending.iter_mut().for_each(|sending| sending.is_resumed = true);
            self.late.iter_mut().for_each(Late::doubt);
        }
        let is_due = self.begins_at().is_some_and(|begins_at| begins_at <= now);
        if self.sending.is_none()
            && is_due
            && let Some(waiting) = self.waiting.take()
        {
            let sending = Sending::begin(waiting.news, self.version + 1, now);
            for late in &mut self.late {
                late.hear_of(&sending, now);
            }
            self.sending = Some(sending);
        }
        self.lease = Some(lease);
        true
    }

    /// Whether the lease is still this one.
    pub fn is_held_by(&self, holder: u64) -> bool {
        self.lease.is_some_and(|lease| lease.holder == holder)
    }

    /// Everybody on the roster was told, or is late: the event is quiet now.
    pub fn finish_sending(&mut self, noise: &Noise, now: Timestamp) {
        let Some(sending) = self.sending.take() else { return };
        self.late.extend(sending.into_late(now));
        self.quiet = Some(Quiet::after(self.quiet, noise, now));
        self.stirred_at = Some(now);
        let due_at = self.due_at_after(self.quiet, noise, now);
        if let Some(waiting) = &mut self.waiting {
            waiting.due_at = due_at;
        }
    }

    fn late_recipients(&self) -> usize {
        self.late.iter().map(|late| late.recipients.len()).sum()
    }

    /// When the next sending may begin, if there are news for it and room for whom it misses.
    fn begins_at(&self) -> Option<Timestamp> {
        let waiting = self.waiting.as_ref().filter(|_| self.late_recipients() < sending::LATE_MAX)?;
        Some(waiting.due_at)
    }

    /// How many are kept by name, since they could not be told yet.
    pub fn missed(&self) -> usize {
        self.late_recipients() + self.sending.as_ref().map_or(0, |sending| sending.missed.len())
    }

    /// Gives up on whom nothing reached for so long; how many of those who are known by name that were.
    pub fn give_up(&mut self, after: Duration, noise: &Noise, now: Timestamp) -> u64 {
        let mut given_up = 0;
        if let Some(sending) = self.sending.as_mut().filter(|sending| now.since(sending.begun_at) >= after) {
            given_up += std::mem::take(&mut sending.missed).len() as u64;
            self.finish_sending(noise, now);
        }
        self.late.retain(|late| {
            let keeps = now.since(late.since) < after;
            given_up += if keeps { 0 } else { late.recipients.len() as u64 };
            keeps
        });
        given_up
    }
}

/// The [`Mark`] of a change.
fn mark(name: &AttendeeName, movement: Movement, newest: &Version) -> Mark {
    let way: &str = movement.into();
    // None of these can hold a line break. An id may come again, since publishers make their own; then its time is another.
    let (at, id) = (newest.requested_at.as_millis(), &newest.id);
    let hash = Sha256::digest(format!("{way}\n{at}\n{id}\n{}", name.key().as_str()));
    *hash.first_chunk().expect("a hash is longer than a mark")
}

#[cfg(test)]
mod tests;
