//! Changes that are announced together, and the announcement of them for each recipient.

use std::collections::BTreeMap;

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::change::{Movement, Movements};
use crate::domain::event::EventId;
use crate::domain::timestamp::{Timestamp, millis};
use serde::{Deserialize, Serialize};

/// Changes that are stored with their names. Further changes are only counted, so a digest stays small.
pub const NAMED_CHANGES: usize = 200;

/// The limit of a list of named changes in bytes. A digest is one DynamoDB item (at most 400 KB) and has several such lists.
const NAMED_BYTES: usize = 40 * 1024;

/// Changes that are announced together; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingChanges {
    /// When the first change was added.
    #[serde(with = "millis")]
    pub opened_at: Timestamp,
    /// In the order of the changes.
    pub named: Vec<NamedChange>,
    /// Counts of the changes that are not in `named`.
    #[serde(flatten)]
    pub unnamed: Movements,
    /// The time of the earliest unnamed request.
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
    /// The approximate stored size.
    fn bytes(&self) -> usize {
        self.name.as_str().len() + self.name.key().as_str().len() + 64
    }
}

/// The pending changes of one event with the event's details. It makes the announcement for each recipient.
#[derive(Debug, Clone, Copy)]
pub struct EventChanges<'a> {
    pub event: &'a EventId,
    pub title: &'a str,
    /// Attendees who are in.
    pub count: u64,
    pub news: &'a PendingChanges,
    /// So many of the changes, or so many, may have reached the recipient before.
    pub doubtful: &'a [usize],
}

impl PendingChanges {
    pub fn opened_at(now: Timestamp) -> Self {
        Self { opened_at: now, named: Vec::new(), unnamed: Movements::default(), unnamed_since: None }
    }

    /// Adds a change. It is only counted if `limit` changes are named.
    pub fn add(&mut self, change: NamedChange, limit: usize) {
        let bytes: usize = self.named.iter().chain([&change]).map(NamedChange::bytes).sum();
        if self.named.len() < limit && bytes <= NAMED_BYTES {
            self.named.push(change);
        } else {
            self.count(&change);
        }
    }

    /// Adds later changes. At most `limit` changes of both stay named.
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

    /// The display names of the attendees who joined and left, as `recipient` sees it: without the recipient, and without an
    /// attendee who is again in the state before the changes. The recipient may know only a part of the changes: those after
    /// their own sign-up, or those after one of the `doubtful` positions. An attendee counts if they moved in any such part.
    fn net_movements(&self, recipient: Option<&NameKey>, doubtful: &[usize]) -> (Vec<String>, Vec<String>) {
        let own = self.named.iter().rposition(|change| Some(change.name.key()) == recipient);
        let starts: Vec<usize> = [0].into_iter().chain(own).chain(doubtful.iter().copied()).collect();
        let mut by_attendee: BTreeMap<&NameKey, Vec<(usize, Movement)>> = BTreeMap::new();
        for (at, change) in self.named.iter().enumerate() {
            by_attendee.entry(change.name.key()).or_default().push((at, change.movement));
        }
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        for change in self.named.iter().filter(|change| Some(change.name.key()) != recipient) {
            let movements = by_attendee.remove(change.name.key()).unwrap_or_default();
            match starts.iter().find_map(|start| net_movement(&movements, *start)) {
                Some(Movement::Joined) => joined.push(change.name.to_string()),
                Some(Movement::Left) => left.push(change.name.to_string()),
                None => {}
            }
        }
        (joined, left)
    }
}

/// The sum of one attendee's movements from position `start` on; none if they cancel each other.
fn net_movement(movements: &[(usize, Movement)], start: usize) -> Option<Movement> {
    let mut movements = movements.iter().filter(|(at, _)| *at >= start).map(|(_, movement)| *movement);
    let first = movements.next()?;
    let last = movements.next_back().unwrap_or(first);
    (first == last).then_some(last)
}

impl EventChanges<'_> {
    /// The announcement for subscribers to all events.
    pub fn announcement_for_all(&self) -> Option<Announcement> {
        self.announcement(None, self.news.unnamed)
    }

    /// The announcement for an attendee, without the attendee's own changes. The count of unnamed changes is left out for an
    /// attendee who may be counted in it.
    pub fn announcement_for(&self, recipient: &Attendee) -> Option<Announcement> {
        let registration = recipient.registration()?;
        let is_counted = self.news.unnamed_since.is_some_and(|since| registration.since >= since);
        let others = if is_counted { Movements::default() } else { self.news.unnamed };
        self.announcement(Some(recipient.name.key()), others)
    }

    fn announcement(&self, recipient: Option<&NameKey>, others: Movements) -> Option<Announcement> {
        let (joined, left) = self.news.net_movements(recipient, self.doubtful);
        if joined.is_empty() && left.is_empty() && others.is_none() {
            return None;
        }
        let (event, title) = (self.event.clone(), self.title.to_owned());
        Some(Announcement { event, title, joined, left, others, count: self.count })
    }
}
