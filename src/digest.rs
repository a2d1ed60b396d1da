//! What is known of an event and not announced yet: its title, how many are in, and the changes that wait.

use std::collections::VecDeque;

use sha2::{Digest as _, Sha256};

use crate::attendee::TOMBSTONE;
use crate::attendee_name::AttendeeName;
use crate::event::EventId;
use crate::ports::{Change, Movement};
use crate::signup::SignupId;
use crate::timestamp::Timestamp;

/// Changes that wait one by one; more are counted, so that a digest stays small whatever happens.
pub const NAMED_CHANGES: usize = 200;

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
    /// Changes in the order in which they were made, at most [`NAMED_CHANGES`].
    pub named: Vec<WaitingChange>,
    /// How many joined and left beyond those.
    pub unnamed: Movements,
    /// Since when something waits.
    pub opened_at: Option<Timestamp>,
    /// The last [`REMEMBERED`] changes, oldest first.
    pub seen: VecDeque<Mark>,
    /// When an event that nobody is in is forgotten.
    pub expires_at: Option<Timestamp>,
    /// How often it was stored; 0 if never. A store that finds another version changes nothing.
    pub version: u64,
}

/// Somebody who joined or left, not announced yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingChange {
    pub name: AttendeeName,
    pub movement: Movement,
    /// The request by which it came about.
    pub signup: SignupId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Movements {
    pub joined: u64,
    pub left: u64,
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
            named: Vec::new(),
            unnamed: Movements::default(),
            opened_at: None,
            seen: VecDeque::new(),
            expires_at: None,
            version: 0,
        }
    }

    /// Since when it is due, if it is: something waits.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.opened_at
    }

    /// Whether the event is forgotten, and whoever comes is the first again.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Takes in the changes of its event that it has not taken in before; which way those went.
    pub fn take_in<'a>(&mut self, changes: impl IntoIterator<Item = &'a Change>, now: Timestamp) -> Movements {
        let mut taken = Movements::default();
        for change in changes {
            let Some((movement, attendee)) = change.movement() else { continue };
            let signup = &attendee.newest.id;
            let mark = mark(&attendee.name, movement, signup);
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
            if self.named.len() < NAMED_CHANGES {
                self.named.push(WaitingChange { name: attendee.name.clone(), movement, signup: signup.clone() });
            } else {
                self.unnamed.add(movement);
            }
            self.opened_at.get_or_insert(now);
            let was_removed = change.new.is_none();
            self.expires_at = match self.count {
                0 if was_removed => Some(now),
                0 => Some(now.plus(TOMBSTONE).to_whole_second()),
                _ => None,
            };
        }
        taken
    }
}

impl Movements {
    pub fn add(&mut self, movement: Movement) {
        match movement {
            Movement::Joined => self.joined += 1,
            Movement::Left => self.left += 1,
        }
    }

    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

fn mark(name: &AttendeeName, movement: Movement, signup: &SignupId) -> Mark {
    let way = match movement {
        Movement::Joined => "joined",
        Movement::Left => "left",
    };
    // None of the three can hold a line break.
    let hash = Sha256::digest(format!("{way}\n{signup}\n{}", name.key().as_str()));
    *hash.first_chunk().expect("a hash is longer than a mark")
}

#[cfg(test)]
mod tests;
