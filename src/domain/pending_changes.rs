//! Pending changes: changes that are announced together, and the announcement that each recipient gets.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::change::{Movement, Movements};
use crate::domain::event::EventId;
use crate::domain::timestamp::{Timestamp, millis};
use serde::{Deserialize, Serialize};

/// The maximum number of changes that are stored with names. Additional changes are
/// only counted, so that a digest stays small.
pub const MAX_NAMED_CHANGES: usize = 200;

/// The maximum size of a list of named changes, in bytes. A digest is one DynamoDB
/// item (at most 400 KB) with several lists.
const MAX_NAMED_BYTES: usize = 40 * 1024;

/// Changes that are announced together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingChanges {
    /// When the first change was added.
    #[serde(with = "millis")]
    pub opened_at: Timestamp,
    /// The changes that are stored with names, in the order in which they were added.
    pub named: Vec<NamedChange>,
    /// The numbers of changes that are not in `named`.
    #[serde(flatten)]
    pub unnamed: Movements,
    /// The earliest request time among the changes that are not in `named`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub unnamed_since: Option<Timestamp>,
}

/// One change with the attendee's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedChange {
    #[serde(flatten)]
    pub name: AttendeeName,
    pub movement: Movement,
    #[serde(with = "millis")]
    pub requested_at: Timestamp,
}

impl NamedChange {
    /// Returns the approximate stored size in bytes.
    fn bytes(&self) -> usize {
        self.name.as_str().len() + self.name.key().as_str().len() + 64
    }
}

/// The pending changes of one event, from which the announcement for each recipient is made.
#[derive(Debug, Clone, Copy)]
pub struct EventChanges<'a> {
    pub event: &'a EventId,
    pub title: &'a str,
    /// The number of attendees on the roster.
    pub count: u64,
    pub news: &'a PendingChanges,
    /// For each earlier attempt that crashed or got no answer: how many of the first named
    /// changes it may have delivered to the recipient.
    pub doubtful: &'a [usize],
}

impl PendingChanges {
    /// Creates an empty list, to which the caller adds at least one change.
    pub fn opened_at(now: Timestamp) -> Self {
        Self { opened_at: now, named: Vec::new(), unnamed: Movements::default(), unnamed_since: None }
    }

    /// Adds a change. It is stored with its name unless `limit` changes are named already or the list would become too
    /// large. In these cases it is only counted.
    pub fn add(&mut self, change: NamedChange, limit: usize) {
        let bytes: usize = self.named.iter().chain([&change]).map(NamedChange::bytes).sum();
        if self.named.len() < limit && bytes <= MAX_NAMED_BYTES {
            self.named.push(change);
        } else {
            self.count(&change);
        }
    }

    /// Adds later changes. At most `limit` changes in total stay named.
    pub fn add_all(&mut self, later: Self, limit: usize) {
        for change in self.named.split_off(limit.min(self.named.len())) {
            self.count(&change);
        }
        for change in later.named {
            self.add(change, limit);
        }
        self.unnamed.joined += later.unnamed.joined;
        self.unnamed.left += later.unnamed.left;
        self.unnamed_since = [self.unnamed_since, later.unnamed_since].into_iter().flatten().min();
        self.opened_at = self.opened_at.min(later.opened_at);
    }

    fn count(&mut self, change: &NamedChange) {
        self.unnamed.add(change.movement);
        let since = self.unnamed_since.get_or_insert(change.requested_at);
        *since = change.requested_at.min(*since);
    }

    /// Returns the display names of the attendees who joined and of those who left, from the view of `recipient`. The
    /// recipient is left out, and so are attendees whose changes cancel each other out.
    ///
    /// The recipient may already know the first changes: those before their own sign-up, or those that were delivered
    /// before a crash (see [`EventChanges::doubtful`]). An attendee is therefore included if they joined or left on
    /// balance from the first change on, or from any position at which the recipient's knowledge may end.
    ///
    /// Attendees are compared by their lookup keys, because one of them may get another key between two changes.
    fn net_movements(&self, recipient: Option<&AttendeeName>, doubtful: &[usize]) -> (Vec<String>, Vec<String>) {
        let recipient = recipient.map(AttendeeName::lookup_key);
        let keys: Vec<Cow<'_, NameKey>> = self.named.iter().map(|change| change.name.lookup_key()).collect();
        let own = keys.iter().rposition(|key| Some(key) == recipient.as_ref());
        let starts: Vec<usize> = [0].into_iter().chain(own).chain(doubtful.iter().copied()).collect();
        let mut by_attendee: BTreeMap<&NameKey, Vec<(usize, Movement)>> = BTreeMap::new();
        for (at, (change, key)) in self.named.iter().zip(&keys).enumerate() {
            by_attendee.entry(key).or_default().push((at, change.movement));
        }
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        for (change, key) in self.named.iter().zip(&keys).filter(|(_, key)| Some(*key) != recipient.as_ref()) {
            let movements = by_attendee.remove(&**key).unwrap_or_default();
            match starts.iter().find_map(|start| net_movement(&movements, *start)) {
                Some(Movement::Joined) => joined.push(change.name.to_string()),
                Some(Movement::Left) => left.push(change.name.to_string()),
                None => {}
            }
        }
        (joined, left)
    }
}

/// Returns the net result of an attendee's movements at or after the position
/// `start`, or `None` if they cancel each other out.
fn net_movement(movements: &[(usize, Movement)], start: usize) -> Option<Movement> {
    let mut movements = movements.iter().filter(|(at, _)| *at >= start).map(|(_, movement)| *movement);
    let first = movements.next()?;
    let last = movements.next_back().unwrap_or(first);
    (first == last).then_some(last)
}

impl EventChanges<'_> {
    /// Returns the announcement for subscribers who follow all events, or `None` if there is nothing to announce.
    pub fn announcement_for_all(&self) -> Option<Announcement> {
        self.announcement(None, self.news.unnamed)
    }

    /// Returns the announcement for an attendee, without the attendee's own changes, or `None` if there is nothing to
    /// announce. The numbers of unnamed changes are left out if the attendee may be counted in them.
    pub fn announcement_for(&self, recipient: &Attendee) -> Option<Announcement> {
        let registration = recipient.registration()?;
        let may_be_counted = self.news.unnamed_since.is_some_and(|since| registration.since >= since);
        let others = if may_be_counted { Movements::default() } else { self.news.unnamed };
        self.announcement(Some(&recipient.name), others)
    }

    fn announcement(&self, recipient: Option<&AttendeeName>, others: Movements) -> Option<Announcement> {
        let (joined, left) = self.news.net_movements(recipient, self.doubtful);
        if joined.is_empty() && left.is_empty() && others.is_empty() {
            return None;
        }
        let (event, title) = (self.event.clone(), self.title.to_owned());
        Some(Announcement { event, title, joined, left, others, count: self.count })
    }
}

#[cfg(test)]
mod tests;
