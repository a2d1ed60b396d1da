//! Recipients told at once, as far as there is room and time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use crate::attendee_name::NameKey;
use crate::digest::MISSED_MAX;
use crate::fanout::announce::{Announcer, Tally};
use crate::news::Told;
use crate::notification::{Notification, Recipient};
use crate::ports::Failure;
use crate::timestamp::Timestamp;

/// Stands among the names of who was missed for those who listen to the stage as a whole; no name begins so.
pub const EVERYBODY: &str = "#everybody";

/// What is told, and for how long.
pub struct Telling<'a> {
    pub announcer: &'a Announcer<'a>,
    pub told: Told<'a>,
    /// By which it is known again when it goes out again.
    pub number: u64,
    /// From then on nobody further is tried than are told at once: whoever has little time gets somewhere nevertheless.
    pub until: Timestamp,
}

/// What became of the recipients, by their names.
#[derive(Debug, Default)]
pub struct Tried {
    pub missed: Vec<NameKey>,
    /// The last who was tried.
    pub last: Option<NameKey>,
    /// Those after them.
    pub not_tried: Vec<NameKey>,
    pub tally: Tally,
}

impl Telling<'_> {
    /// Tells recipients, in their order, until `room` of them were missed or the time is over.
    ///
    /// Who do not answer take half of the room at most, and further ones are given up at once: a hundred of them must not stop
    /// what everybody else is to hear.
    pub async fn tell(&self, recipients: Vec<Recipient>, room: usize) -> Tried {
        let room_for_no_answers = room.saturating_sub(MISSED_MAX / 2);
        let at_once = self.announcer.at_once;
        let names: Vec<NameKey> = recipients.iter().map(name_of).collect();
        let (is_over, missed, no_answers) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        let (is_over, missed, no_answers) = (&is_over, &missed, &no_answers);
        let tries = recipients.into_iter().enumerate().map(|(place, to)| async move {
            let outcome = async {
                let is_late = place >= at_once && (self.announcer.clock)() >= self.until;
                if is_late || missed.load(Ordering::Relaxed) >= room {
                    // For all after it too, though the clock be set back: those who were tried are the first.
                    is_over.store(true, Ordering::Relaxed);
                }
                if is_over.load(Ordering::Relaxed) {
                    return None;
                }
                let outcome = self.tell_one(to).await;
                let is_missed = match outcome {
                    Err(Failure::Retry(_)) => true,
                    Err(Failure::NoAnswer(_)) => no_answers.fetch_add(1, Ordering::Relaxed) < room_for_no_answers,
                    Ok(_) | Err(Failure::Reject(_)) => false,
                };
                if is_missed {
                    missed.fetch_add(1, Ordering::Relaxed);
                }
                Some(outcome)
            };
            (place, outcome.await)
        });
        let mut outcomes: Vec<_> = stream::iter(tries).buffer_unordered(at_once).collect().await;
        outcomes.sort_unstable_by_key(|(place, _)| *place);
        let outcomes: Vec<_> = outcomes.into_iter().map_while(|(_, outcome)| outcome).collect();
        self.sum_up(names, outcomes, room_for_no_answers)
    }

    /// Whether there was a way to them, and news that are not their own.
    async fn tell_one(&self, to: Recipient) -> Result<bool, Failure> {
        let announcement = match &to {
            Recipient::Attendee(attendee) => self.told.to(attendee),
            Recipient::Everybody => self.told.to_all(),
        };
        let Some(announcement) = announcement else { return Ok(false) };
        let (id, at) = (self.notification_id(&to), (self.announcer.clock)());
        self.announcer.notifier.notify(&Notification { id, to, announcement, at }).await
    }

    /// `outcomes` are of the first of `names`.
    fn sum_up(
        &self,
        mut names: Vec<NameKey>,
        outcomes: Vec<Result<bool, Failure>>,
        room_for_no_answers: usize,
    ) -> Tried {
        let not_tried = names.split_off(outcomes.len());
        let last = names.last().cloned();
        let (mut missed, mut tally, mut no_answers_kept) = (Vec::new(), Tally::default(), 0);
        for (name, outcome) in names.into_iter().zip(outcomes) {
            match outcome {
                Ok(true) => tally.told += 1,
                Ok(false) => {}
                Err(Failure::Reject(reason)) => {
                    tally.refused += 1;
                    tracing::warn!(event.id = %self.told.event, reason, "somebody cannot be told");
                }
                Err(Failure::NoAnswer(unavailable)) if no_answers_kept >= room_for_no_answers => {
                    tally.given_up += 1;
                    tracing::warn!(event.id = %self.told.event, %unavailable, "somebody is not told");
                }
                Err(unavailable @ (Failure::Retry(_) | Failure::NoAnswer(_))) => {
                    no_answers_kept += usize::from(matches!(unavailable, Failure::NoAnswer(_)));
                    tally.missed += 1;
                    tracing::warn!(event.id = %self.told.event, %unavailable, "somebody is told later");
                    missed.push(name);
                }
            }
        }
        Tried { missed, last, not_tried, tally }
    }

    /// The same when it goes out again; ASCII and short, since it stands in headers.
    fn notification_id(&self, to: &Recipient) -> String {
        let mut hash = Sha256::new();
        let opened_at = self.told.news.opened_at.as_millis().to_string();
        // None of these can hold a line break.
        for part in [self.told.event.as_str(), &opened_at, name_of(to).as_str()] {
            hash.update(part);
            hash.update("\n");
        }
        format!("{}-{}", self.number, URL_SAFE_NO_PAD.encode(&hash.finalize()[..16]))
    }
}

fn name_of(recipient: &Recipient) -> NameKey {
    match recipient {
        Recipient::Attendee(attendee) => attendee.name.key().clone(),
        Recipient::Everybody => NameKey::from_stored(EVERYBODY.to_owned()),
    }
}
