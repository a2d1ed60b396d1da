//! News on its way, and who was not reached yet.

use std::time::Duration;

use crate::domain::attendee_name::NameKey;
use crate::domain::pending_changes::PendingChanges;
use crate::domain::timestamp::{Timestamp, millis};
use serde::{Deserialize, Serialize};

/// Recipients kept by name because they could not be told yet; beyond that, sending stops where it is, since then it is
/// not the recipients that fail.
pub const MISSED_MAX: usize = 100;

/// While so many are late, nothing further is sent: there would be no room for whom that misses.
pub const LATE_MAX: usize = 75;

/// Changes that stay one by one for who is late.
const LATE_NAMED: usize = 50;

/// After a failure; the schedule comes by every minute.
const REST: Duration = Duration::from_secs(60);
const LONGEST_REST: Duration = Duration::from_secs(60 * 60);

/// News on its way to the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    #[serde(flatten)]
    pub news: PendingChanges,
    /// Another one for each sending of an event.
    pub number: u64,
    #[serde(with = "millis")]
    pub begun_at: Timestamp,
    /// Everybody up to this name was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_to: Option<NameKey>,
    /// Those of them who could not be told yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<NameKey>,
    /// Whether a sender crashed at it, or a provider's answer was lost, so that more may have been told than is known.
    #[serde(default)]
    pub is_resumed: bool,
    /// When it goes on, unless somebody is at it.
    #[serde(with = "millis")]
    pub next_at: Timestamp,
}

/// Recipients who could not be told, and all that each of them has missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    #[serde(flatten)]
    pub news: PendingChanges,
    pub number: u64,
    /// Since when they are late.
    #[serde(with = "millis")]
    pub since: Timestamp,
    pub recipients: Vec<NameKey>,
    /// So many of the changes, or so many, may have reached them: each time the sender crashed, or the provider's answer was
    /// lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubtful: Vec<usize>,
    #[serde(with = "millis")]
    pub next_at: Timestamp,
}

impl Sending {
    /// Before anybody is told.
    pub fn begin(news: PendingChanges, number: u64, now: Timestamp) -> Self {
        Self { news, number, begun_at: now, told_to: None, missed: Vec::new(), is_resumed: false, next_at: now }
    }

    /// Goes on as soon as others have had their turn.
    pub fn pause(&mut self, now: Timestamp) {
        self.next_at = now;
    }

    /// Goes on in a while, since too many could not be told.
    pub fn rest(&mut self, now: Timestamp) {
        self.next_at = now.plus(REST);
    }

    pub fn into_late(self, now: Timestamp) -> Option<Late> {
        if self.missed.is_empty() {
            return None;
        }
        let mut late = Late {
            news: PendingChanges::opened_at(self.news.opened_at),
            number: self.number,
            since: self.begun_at,
            recipients: self.missed,
            doubtful: if self.is_resumed { vec![self.news.named.len()] } else { Vec::new() },
            next_at: now.plus(REST),
        };
        late.news.add_all(self.news, LATE_NAMED);
        Some(late)
    }
}

impl Late {
    /// They may have been told, although that is not known.
    pub fn doubt(&mut self) {
        let all = self.news.named.len();
        if !self.doubtful.contains(&all) {
            self.doubtful.push(all);
        }
    }

    /// They miss this too, and are tried again at once.
    pub fn hear_of(&mut self, sending: &Sending, now: Timestamp) {
        self.news.add_all(sending.news.clone(), LATE_NAMED);
        self.number = sending.number;
        self.next_at = now;
    }

    /// Some were told, and for the others there was no time yet.
    pub fn interrupted(&mut self, left: Vec<NameKey>, now: Timestamp) {
        self.recipients = left;
        self.next_at = now;
    }

    /// Tried again; those who are left are tried again in a while.
    pub fn tried(&mut self, missed: Vec<NameKey>, now: Timestamp) {
        self.recipients = missed;
        // Ever more seldom: whom it reached although that was not said is not told every minute of a day.
        self.next_at = now.plus((now.since(self.since) / 2).clamp(REST, LONGEST_REST));
    }
}

#[cfg(test)]
mod tests;
