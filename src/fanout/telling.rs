//! Recipients told at once, as far as there is room and time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use crate::domain::attendee_name::NameKey;
use crate::domain::digest::MISSED_MAX;
use crate::domain::new_event_id::for_log;
use crate::domain::notification::{Notification, Recipient};
use crate::domain::pending_changes::EventChanges;
use crate::domain::timestamp::Timestamp;
use crate::fanout::digest_sender::DigestSender;
use crate::ports::{NotificationCounts, Notified, SendError, Unavailable};

/// Stands among the names of who was missed for those who listen to the stage as a whole; no name begins so.
pub const EVERYBODY: &str = "#everybody";

/// What is told, and for how long.
pub struct Telling<'a> {
    pub announcer: &'a DigestSender<'a>,
    pub told: EventChanges<'a>,
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
    /// Whether some of the missed may have been told: the provider did not answer.
    pub is_doubtful: bool,
    pub tally: NotificationCounts,
}

enum Outcome {
    Told,
    /// There is no way to them, or nothing but their own news.
    NoNews,
    Refused(String),
    Missed {
        cause: Unavailable,
        is_doubtful: bool,
    },
    GivenUp(Unavailable),
}

impl Telling<'_> {
    /// Tells recipients, in their order, until `room` of them were missed or the time is over.
    ///
    /// Who do not answer take half of the room at most, and further ones are given up at once: a hundred of them must not stop
    /// what everybody else is to hear.
    pub async fn tell(&self, recipients: Vec<Recipient>, room: usize) -> Tried {
        let room_for_no_answers = room.saturating_sub(MISSED_MAX / 2);
        let DigestSender { concurrency, clock, is_stopping, .. } = *self.announcer;
        let mut names: Vec<NameKey> = recipients.iter().map(name_of).collect();
        let (is_over, missed, no_answers) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        let (is_over, missed, no_answers) = (&is_over, &missed, &no_answers);
        let tries = recipients.into_iter().enumerate().map(|(place, to)| async move {
            let is_late = place >= concurrency && (clock() >= self.until || is_stopping());
            if is_late || missed.load(Ordering::Relaxed) >= room {
                // For all after it too, though the clock be set back: those who were tried are the first.
                is_over.store(true, Ordering::Relaxed);
            }
            if is_over.load(Ordering::Relaxed) {
                return (place, None);
            }
            let outcome = match self.tell_one(to).await {
                Ok(Notified::Sent) => Outcome::Told,
                Ok(Notified::NotWanted) => Outcome::NoNews,
                Err(SendError::Rejected(reason)) => Outcome::Refused(reason),
                Err(SendError::RecipientUnavailable(unavailable))
                    if no_answers.fetch_add(1, Ordering::Relaxed) >= room_for_no_answers =>
                {
                    Outcome::GivenUp(unavailable)
                }
                Err(SendError::NotSent(cause)) => {
                    missed.fetch_add(1, Ordering::Relaxed);
                    Outcome::Missed { cause, is_doubtful: false }
                }
                Err(SendError::Unavailable(cause) | SendError::RecipientUnavailable(cause)) => {
                    missed.fetch_add(1, Ordering::Relaxed);
                    Outcome::Missed { cause, is_doubtful: true }
                }
            };
            (place, Some(outcome))
        });
        let mut outcomes: Vec<_> = stream::iter(tries).buffer_unordered(concurrency).collect().await;
        outcomes.sort_unstable_by_key(|(place, _)| *place);
        let outcomes: Vec<_> = outcomes.into_iter().map_while(|(_, outcome)| outcome).collect();

        let not_tried = names.split_off(outcomes.len());
        let mut tried = Tried { last: names.last().cloned(), not_tried, ..Tried::default() };
        for (name, outcome) in names.into_iter().zip(outcomes) {
            self.count(name, outcome, &mut tried);
        }
        tried
    }

    fn count(&self, name: NameKey, outcome: Outcome, tried: &mut Tried) {
        let event = self.told.event;
        match outcome {
            Outcome::Told => tried.tally.delivered += 1,
            Outcome::NoNews => {}
            Outcome::Refused(reason) => {
                tried.tally.rejected += 1;
                tracing::warn!(event.id = for_log(event), reason, "somebody cannot be told");
            }
            Outcome::GivenUp(unavailable) => {
                tried.tally.expired += 1;
                tracing::warn!(event.id = for_log(event), %unavailable, "somebody is not told");
            }
            Outcome::Missed { cause, is_doubtful } => {
                tried.tally.deferred += 1;
                tried.is_doubtful |= is_doubtful;
                tracing::warn!(event.id = for_log(event), unavailable = %cause, "somebody is told later");
                tried.missed.push(name);
            }
        }
    }

    async fn tell_one(&self, to: Recipient) -> Result<Notified, SendError> {
        let announcement = match &to {
            Recipient::Attendee(attendee) => self.told.announcement_for(attendee),
            Recipient::Everybody => self.told.announcement_for_all(),
        };
        let Some(announcement) = announcement else { return Ok(Notified::NotWanted) };
        let (id, at) = (self.notification_id(&to), (self.announcer.clock)());
        self.announcer.notifier.notify(&Notification { id, to, announcement, at }).await
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
