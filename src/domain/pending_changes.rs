//! Pending changes: changes that are announced together, and the announcement that each recipient gets.

use std::borrow::Cow;

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::change::{AttendeeChange, Movement, Movements};
use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
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
    /// The id of the attendee's [mailbox](ContactId::of_mailbox), if there is one, so that it gets no notification about
    /// itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<ContactId>,
}

impl NamedChange {
    /// The news that an attendee moved with a change.
    pub fn of(change: &AttendeeChange, movement: Movement, mailbox: impl Fn(&Contact) -> ContactId) -> Option<Self> {
        let attendee = change.new.as_ref().or(change.old.as_ref())?;
        Some(Self {
            name: attendee.name.clone(),
            movement,
            requested_at: attendee.newest.requested_at,
            mailbox: change.contact().map(mailbox),
        })
    }

    /// Returns the approximate stored size in bytes.
    fn bytes(&self) -> usize {
        let mailbox = self.mailbox.as_ref().map_or(0, |mailbox| mailbox.as_str().len() + 16);
        self.name.as_str().len() + self.name.key().as_str().len() + mailbox + 64
    }

    fn has_mailbox(&self, mailbox: Option<&ContactId>) -> bool {
        mailbox.is_some() && self.mailbox.as_ref() == mailbox
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
    /// Positions among the named changes at which what the recipient knows may end, because an earlier attempt to tell it
    /// has no known outcome.
    pub begins: &'a [usize],
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

    /// Returns the display names of the attendees who joined and of those who left, from the view of `recipients` who share
    /// a mailbox. They and others with this mailbox are left out, and so are attendees whose changes cancel each other out.
    ///
    /// They may already know the first changes: those before the sign-up of one of them, or those that were
    /// told before a crash (see [`EventChanges::begins`]). An attendee is therefore included if they joined or left on
    /// balance from the first change on, or from any position at which their knowledge may end.
    ///
    /// Attendees are compared by their lookup keys, because one of them may get another key between two changes.
    fn net_movements(
        &self,
        recipients: &[&Attendee],
        mailbox: Option<&ContactId>,
        begins: &[usize],
    ) -> (Vec<String>, Vec<String>) {
        let recipients: Vec<Cow<'_, NameKey>> = recipients.iter().map(|attendee| attendee.name.lookup_key()).collect();
        let keys: Vec<Cow<'_, NameKey>> = self.named.iter().map(|change| change.name.lookup_key()).collect();
        let is_own = |change: &NamedChange, key: &NameKey| {
            change.has_mailbox(mailbox) || recipients.iter().any(|recipient| **recipient == *key)
        };
        let is_last = |at: usize| !keys[at + 1..].contains(&keys[at]);
        let own = (0..keys.len()).filter(|at| is_own(&self.named[*at], &keys[*at]) && is_last(*at));
        let starts: Vec<usize> = [0].into_iter().chain(own).chain(begins.iter().copied()).collect();
        // The changes of one attendee together, and in their order.
        let mut positions: Vec<usize> = (0..keys.len()).collect();
        positions.sort_by_key(|at| &keys[*at]);
        let of_others = positions
            .chunk_by(|one, other| keys[*one] == keys[*other])
            .filter(|positions| !positions.iter().any(|at| is_own(&self.named[*at], &keys[*at])));
        let mut moved: Vec<(usize, Movement)> = of_others
            .filter_map(|positions| {
                let movement = starts.iter().find_map(|start| self.net_movement(positions, *start))?;
                Some((*positions.first()?, movement))
            })
            .collect();
        moved.sort_by_key(|(first, _)| *first);
        let names = |wanted| {
            let moved = moved.iter().filter(|(_, movement)| *movement == wanted);
            moved.map(|(first, _)| self.named[*first].name.to_string()).collect()
        };
        (names(Movement::Joined), names(Movement::Left))
    }

    /// Returns the net result of an attendee's changes, which are at these positions, at or after the position `start`. `None`
    /// if they cancel each other out.
    fn net_movement(&self, positions: &[usize], start: usize) -> Option<Movement> {
        let mut movements = positions.iter().filter(|at| **at >= start).map(|at| self.named[*at].movement);
        let first = movements.next()?;
        let last = movements.next_back().unwrap_or(first);
        (first == last).then_some(last)
    }
}

impl EventChanges<'_> {
    /// Returns the announcement for subscribers who follow all events, or `None` if there is nothing to announce.
    pub fn announcement_for_all(&self) -> Option<Announcement> {
        self.announcement(&[], None, self.news.unnamed)
    }

    /// Returns the announcement for attendees who share a mailbox, without the changes of anybody with this mailbox, or `None`
    /// if there is nothing to announce. The numbers of unnamed changes are left out if one of the attendees may be counted in
    /// them.
    pub fn announcement_for(&self, recipients: &[&Attendee], mailbox: Option<&ContactId>) -> Option<Announcement> {
        let registrations = recipients.iter().filter_map(|recipient| recipient.registration());
        let latest = registrations.map(|registration| registration.since).max()?;
        let may_be_counted = self.news.unnamed_since.is_some_and(|since| latest >= since);
        let others = if may_be_counted { Movements::default() } else { self.news.unnamed };
        self.announcement(recipients, mailbox, others)
    }

    fn announcement(
        &self,
        recipients: &[&Attendee],
        mailbox: Option<&ContactId>,
        others: Movements,
    ) -> Option<Announcement> {
        let (joined, left) = self.news.net_movements(recipients, mailbox, self.begins);
        if joined.is_empty() && left.is_empty() && others.is_empty() {
            return None;
        }
        let (event, title) = (self.event.clone(), self.title.to_owned());
        Some(Announcement { event, title, joined, left, others, count: self.count })
    }
}

#[cfg(test)]
mod tests;
