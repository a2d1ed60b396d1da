//! Changes that are announced together, and what of them is news to whom.

use std::collections::BTreeMap;

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::change::{Movement, Movements};
use crate::domain::event::EventId;
use crate::domain::timestamp::{Timestamp, millis};
use serde::{Deserialize, Serialize};

/// Changes that are kept one by one; more are counted, so that a digest stays small whatever happens.
pub const NAMED_CHANGES: usize = 200;

/// And in bytes of names, which may be long: a digest is one item of DynamoDB, of 400 KB at most, and holds several such lists.
const NAMED_BYTES: usize = 40 * 1024;

/// Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// When the first of them was taken in.
    #[serde(with = "millis")]
    pub opened_at: Timestamp,
    /// In the order in which they were made.
    pub named: Vec<NamedChange>,
    /// How many joined and left beyond those.
    #[serde(flatten)]
    pub unnamed: Movements,
    /// The earliest request among the unnamed.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub unnamed_since: Option<Timestamp>,
}

/// Somebody who joined or left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedChange {
    #[serde(flatten)]
    pub name: AttendeeName,
    pub movement: Movement,
    #[serde(with = "millis")]
    pub requested_at: Timestamp,
}

impl NamedChange {
    /// What it takes as it is stored, about.
    fn bytes(&self) -> usize {
        self.name.as_str().len() + self.name.key().as_str().len() + 64
    }
}

/// The news of one event, for whoever is told.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub event: &'a EventId,
    pub title: &'a str,
    /// How many are in.
    pub count: u64,
    pub news: &'a News,
    /// So many of the changes, or so many, may have reached the recipient before.
    pub doubtful: &'a [usize],
}

impl News {
    pub fn opened_at(now: Timestamp) -> Self {
        Self { opened_at: now, named: Vec::new(), unnamed: Movements::default(), unnamed_since: None }
    }

    /// Adds a change, one by one while there are fewer than `limit`.
    pub fn add(&mut self, change: NamedChange, limit: usize) {
        let bytes: usize = self.named.iter().chain([&change]).map(NamedChange::bytes).sum();
        if self.named.len() < limit && bytes <= NAMED_BYTES {
            self.named.push(change);
        } else {
            self.count(&change);
        }
    }

    /// Adds later news; of both together at most `limit` changes stay one by one.
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

    /// Where everybody went in the end, by display name, as `listener` is to hear it: without the listener, and without
    /// who came and went and is where they were. But of those who did that, the listener may have seen a part alone: what
    /// came after they came themselves, or what came after any of the `doubtful` beginnings, which may have reached them
    /// or not.
    fn moved(&self, listener: Option<&NameKey>, doubtful: &[usize]) -> (Vec<String>, Vec<String>) {
        let own = self.named.iter().rposition(|change| Some(change.name.key()) == listener);
        let beginnings: Vec<usize> = [0].into_iter().chain(own).chain(doubtful.iter().copied()).collect();
        let mut of_person: BTreeMap<&NameKey, Vec<(usize, Movement)>> = BTreeMap::new();
        for (at, change) in self.named.iter().enumerate() {
            of_person.entry(change.name.key()).or_default().push((at, change.movement));
        }
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        for change in self.named.iter().filter(|change| Some(change.name.key()) != listener) {
            let movements = of_person.remove(change.name.key()).unwrap_or_default();
            match beginnings.iter().find_map(|beginning| end(&movements, *beginning)) {
                Some(Movement::Joined) => joined.push(change.name.to_string()),
                Some(Movement::Left) => left.push(change.name.to_string()),
                None => {}
            }
        }
        (joined, left)
    }
}

/// Where the movements from a beginning on lead, if that is not where the first of them began.
fn end(movements: &[(usize, Movement)], beginning: usize) -> Option<Movement> {
    let mut movements = movements.iter().filter(|(at, _)| *at >= beginning).map(|(_, movement)| *movement);
    let first = movements.next()?;
    let last = movements.next_back().unwrap_or(first);
    (first == last).then_some(last)
}

impl Told<'_> {
    /// What is news to whoever is not on the roster.
    pub fn to_all(&self) -> Option<Announcement> {
        self.announcement(None, self.news.unnamed)
    }

    /// What is news to an attendee: never what they did themselves. Who may be among those that are only counted does
    /// not hear of the count.
    pub fn to(&self, recipient: &Attendee) -> Option<Announcement> {
        let registration = recipient.registration()?;
        let is_counted = self.news.unnamed_since.is_some_and(|since| registration.since >= since);
        let others = if is_counted { Movements::default() } else { self.news.unnamed };
        self.announcement(Some(recipient.name.key()), others)
    }

    fn announcement(&self, but: Option<&NameKey>, others: Movements) -> Option<Announcement> {
        let (joined, left) = self.news.moved(but, self.doubtful);
        if joined.is_empty() && left.is_empty() && others.is_none() {
            return None;
        }
        let (event, title) = (self.event.clone(), self.title.to_owned());
        Some(Announcement { event, title, joined, left, others, count: self.count })
    }
}
