//! A digest's news to everybody who is in, page by page.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use crate::attendee::Attendee;
use crate::attendee_name::NameKey;
use crate::digest::{Digest, Lease, MISSED_MAX, Sending};
use crate::event::EventId;
use crate::news::{News, Told};
use crate::notification::{Notification, Recipient};
use crate::ports::{Digests, Failure, Notifier, Roster, Unavailable};
use crate::quiet::Noise;
use crate::signup::AttendeeKey;
use crate::timestamp::Timestamp;

/// Recipients of one page of the roster; how far it has come is written down after each.
const PAGE: usize = 500;

/// Longer than a page takes, and than a function's timeout (60 s).
const LEASE: Duration = Duration::from_secs(120);

/// For how long it is tried to reach somebody.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a digest is taken up again that somebody else has stored meanwhile.
const ATTEMPTS: u32 = 10;

/// Stands among the names of who was missed for those who listen to the stage as a whole; no name begins so.
const EVERYBODY: &str = "#everybody";

/// Sends what is due.
///
/// Whatever it is stopped at, and however often two are at the same event, everybody hears of every change: first the
/// news are claimed, then how far they have come is stored after each page, then they are settled. Only what was sent
/// since the last of these is sent again.
pub struct Announcer<'a> {
    pub digests: &'a dyn Digests,
    pub roster: &'a dyn Roster,
    pub notifier: &'a dyn Notifier,
    pub noise: Noise,
    /// Notifications on their way at once.
    pub at_once: usize,
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
}

/// How many recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub told: u64,
    /// Cannot be told, ever.
    pub refused: u64,
    /// Could not be told yet.
    pub missed: u64,
    /// Could not be told for a day.
    pub given_up: u64,
}

impl Announcer<'_> {
    /// Sends what is due of one event, unless somebody else is at it; after `until` it begins with no further page.
    pub async fn announce(&self, event: &EventId, until: Timestamp) -> Result<Tally, Unavailable> {
        let holder = random();
        for _ in 0..ATTEMPTS {
            let Some(mut digest) = self.digests.digest(event).await? else { return Ok(Tally::default()) };
            let now = (self.clock)();
            let mut tally = Tally::default();
            // It is ours already if only the answer to the last try was lost.
            if !digest.is_held_by(holder) {
                if !digest.claim(Lease { holder, ends_at: now.plus(LEASE) }, now) {
                    return Ok(tally);
                }
                tally.given_up = digest.give_up(GIVE_UP_AFTER, &self.noise, now);
                if !self.digests.store(&digest).await? {
                    continue;
                }
                digest.version += 1;
            }
            let mut round = Round { announcer: self, digest, holder, tally };
            round.run(until).await?;
            return Ok(round.tally);
        }
        Err(busy())
    }
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    u64::from_ne_bytes(bytes)
}

fn busy() -> Unavailable {
    Unavailable { doing: "storing a digest", cause: "others keep storing it".to_owned() }
}

/// One holding of the lease.
struct Round<'a> {
    announcer: &'a Announcer<'a>,
    digest: Digest,
    holder: u64,
    tally: Tally,
}

/// What is told, and by which number it is known again.
#[derive(Clone, Copy)]
struct Batch<'a> {
    news: &'a News,
    doubtful: &'a [usize],
    number: u64,
}

impl<'a> Batch<'a> {
    fn of(sending: &'a Sending) -> Self {
        Self { news: &sending.news, doubtful: &[], number: sending.number }
    }
}

/// What became of a page.
struct Page {
    /// The last who was tried.
    told_to: Option<NameKey>,
    missed: Vec<NameKey>,
    is_last: bool,
}

impl Round<'_> {
    async fn run(&mut self, until: Timestamp) -> Result<(), Unavailable> {
        if !self.try_the_missed().await? {
            return Ok(());
        }
        while self.digest.sending.is_some() {
            let goes_on =
                if self.digest.missed() >= MISSED_MAX { self.rest().await? } else { self.page(until).await? };
            if !goes_on {
                return Ok(());
            }
        }
        // After the page on which they were left out, or they would hear of the same twice.
        self.try_the_late().await
    }

    /// Leaves the rest for later, since too many were missed.
    async fn rest(&mut self) -> Result<bool, Unavailable> {
        let now = (self.announcer.clock)();
        self.save(|digest| {
            digest.sending.iter_mut().for_each(|sending| sending.rest(now));
            digest.lease = None;
        })
        .await?;
        Ok(false)
    }

    /// Tells a page and stores that; whether there is time to go on.
    async fn page(&mut self, until: Timestamp) -> Result<bool, Unavailable> {
        let page = self.tell_page().await?;
        let now = (self.announcer.clock)();
        let is_done = page.is_last && self.late(now).is_empty();
        let goes_on = now < until && !is_done;
        let lease = Lease { holder: self.holder, ends_at: now.plus(LEASE) };
        let noise = self.announcer.noise;
        let is_ours = self.save(|digest| {
            if let Some(sending) = &mut digest.sending {
                sending.told_to.clone_from(&page.told_to);
                // They are there already where this was stored and only the answer was lost.
                let missed =
                    page.missed.iter().filter(|name| !sending.missed.contains(name)).cloned().collect::<Vec<_>>();
                sending.missed.extend(missed);
            }
            if page.is_last {
                digest.settle(&noise, now);
            }
            digest.lease = goes_on.then_some(lease);
        });
        Ok(is_ours.await? && goes_on)
    }

    /// The groups that are to be tried again.
    fn late(&self, now: Timestamp) -> Vec<usize> {
        let groups = self.digest.late.iter().enumerate();
        groups.filter(|(_, late)| late.next_at <= now).map(|(at, _)| at).collect()
    }

    /// Those who were missed by what was sent before, and then all is done.
    async fn try_the_late(&mut self) -> Result<(), Unavailable> {
        let mut tried = Vec::new();
        for at in self.late((self.announcer.clock)()) {
            let late = self.digest.late[at].clone();
            tried.push((
                at,
                self.try_again(
                    Batch { news: &late.news, doubtful: &late.doubtful, number: late.number },
                    &late.recipients,
                )
                .await?,
            ));
        }
        let now = (self.announcer.clock)();
        self.save(|digest| {
            for (at, missed) in &tried {
                digest.late[*at].tried(missed.clone(), now);
            }
            digest.late.retain(|late| !late.recipients.is_empty());
            digest.lease = None;
        })
        .await
        .map(drop)
    }

    /// Those whom this sending has missed so far; whether the lease is still ours.
    async fn try_the_missed(&mut self) -> Result<bool, Unavailable> {
        let Some(sending) = self.digest.sending.clone().filter(|sending| !sending.missed.is_empty()) else {
            return Ok(true);
        };
        let missed = self.try_again(Batch::of(&sending), &sending.missed).await?;
        self.save(|digest| digest.sending.iter_mut().for_each(|sending| sending.missed.clone_from(&missed))).await
    }

    /// Who of them is missed again.
    async fn try_again(&mut self, batch: Batch<'_>, names: &[NameKey]) -> Result<Vec<NameKey>, Unavailable> {
        let mut recipients = Vec::new();
        for name in names {
            if name.as_str() == EVERYBODY {
                recipients.push(Recipient::Everybody);
                continue;
            }
            let key = AttendeeKey { event: self.digest.event.clone(), name: name.clone() };
            let attendee = self.announcer.roster.attendee(&key).await?;
            // Who has left does not want to hear.
            recipients.extend(attendee.filter(|it| it.stay().is_some()).map(|it| Recipient::Attendee(Box::new(it))));
        }
        let (missed, _) = self.tell(batch, recipients, usize::MAX).await;
        Ok(missed)
    }

    /// Tells the next page of the roster.
    async fn tell_page(&mut self) -> Result<Page, Unavailable> {
        let sending = self.digest.sending.clone().expect("a page is of something that is being sent");
        let page = self.announcer.roster.roster(&self.digest.event, PAGE, sending.told_to.as_ref()).await?;
        let last = page.attendees.last().map(|attendee| attendee.name.key().clone());
        let is_late = |attendee: &Attendee| {
            let name = attendee.name.key();
            self.digest.late.iter().any(|late| late.recipients.contains(name)) || sending.missed.contains(name)
        };
        let attendees = page.attendees.into_iter().filter(|attendee| !is_late(attendee));
        let mut recipients: Vec<_> = attendees.map(|attendee| Recipient::Attendee(Box::new(attendee))).collect();
        if sending.told_to.is_none() {
            recipients.insert(0, Recipient::Everybody);
        }
        let room = MISSED_MAX.saturating_sub(self.digest.missed());
        let (missed, not_tried) = self.tell(Batch::of(&sending), recipients, room).await;
        Ok(match not_tried {
            None => Page { is_last: page.next.is_none(), told_to: last.or(sending.told_to), missed },
            Some(told_to) => Page { is_last: false, told_to: told_to.or(sending.told_to), missed },
        })
    }

    /// Tells recipients, in their order, until `room` of them were missed: who was missed and, if somebody was not tried
    /// any more, the last who was.
    ///
    /// Who do not answer take half of the room at most, and further ones are given up at once: a hundred of them must not stop
    /// what everybody else is to hear.
    async fn tell(
        &mut self,
        batch: Batch<'_>,
        recipients: Vec<Recipient>,
        room: usize,
    ) -> (Vec<NameKey>, Option<Option<NameKey>>) {
        let (missed_so_far, no_answers) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let room_for_no_answers = room.saturating_sub(MISSED_MAX / 2);
        let Batch { news, doubtful, number } = batch;
        let (event, title) = (&self.digest.event, &self.digest.title);
        let told = Told { event, title, count: self.digest.count, news, doubtful };
        let at = (self.announcer.clock)();
        let names: Vec<NameKey> = recipients.iter().map(name_of).collect();
        let (missed_so_far, no_answers, notifier) = (&missed_so_far, &no_answers, self.announcer.notifier);
        let tries = recipients.into_iter().enumerate().map(|(place, to)| async move {
            let outcome = async {
                if missed_so_far.load(Ordering::Relaxed) >= room {
                    return None;
                }
                let announcement = match &to {
                    Recipient::Attendee(attendee) => told.to(attendee),
                    Recipient::Everybody => told.to_all(),
                };
                let Some(announcement) = announcement else { return Some(Ok(false)) };
                let id = notification_id(&told, number, &to);
                let notification = Notification { id, to, announcement, at };
                let outcome = notifier.notify(&notification).await;
                let is_missed = match outcome {
                    Err(Failure::Retry(_)) => true,
                    Err(Failure::NoAnswer(_)) => no_answers.fetch_add(1, Ordering::Relaxed) < room_for_no_answers,
                    Ok(_) | Err(Failure::Reject(_)) => false,
                };
                if is_missed {
                    missed_so_far.fetch_add(1, Ordering::Relaxed);
                }
                Some(outcome)
            };
            (place, outcome.await)
        });
        let mut outcomes: Vec<_> = stream::iter(tries).buffer_unordered(self.announcer.at_once).collect().await;
        outcomes.sort_unstable_by_key(|(place, _)| *place);

        let (mut missed, mut no_answers_kept) = (Vec::new(), 0);
        let tried = outcomes.iter().take_while(|(_, outcome)| outcome.is_some()).count();
        for (name, (_, outcome)) in names.iter().zip(outcomes) {
            match outcome {
                Some(Ok(true)) => self.tally.told += 1,
                Some(Ok(false)) | None => {}
                Some(Err(Failure::Reject(reason))) => {
                    self.tally.refused += 1;
                    tracing::warn!(event.id = %self.digest.event, reason, "somebody cannot be told");
                }
                Some(Err(Failure::NoAnswer(unavailable))) if no_answers_kept >= room_for_no_answers => {
                    self.tally.given_up += 1;
                    tracing::warn!(event.id = %self.digest.event, %unavailable, "somebody is not told");
                }
                Some(Err(failure @ (Failure::Retry(_) | Failure::NoAnswer(_)))) => {
                    no_answers_kept += usize::from(matches!(failure, Failure::NoAnswer(_)));
                    let unavailable = failure;
                    self.tally.missed += 1;
                    tracing::warn!(event.id = %self.digest.event, %unavailable, "somebody is told later");
                    missed.push(name.clone());
                }
            }
        }
        let last_tried = tried.checked_sub(1).map(|last| match names[last].as_str() {
            // Before all names.
            EVERYBODY => NameKey::from_stored(String::new()),
            _ => names[last].clone(),
        });
        (missed, (tried < names.len()).then_some(last_tried))
    }

    /// Stores what is made of the digest, of what others made of it meanwhile if they did; whether the lease is still
    /// ours.
    async fn save(&mut self, change: impl Fn(&mut Digest)) -> Result<bool, Unavailable> {
        for _ in 0..ATTEMPTS {
            change(&mut self.digest);
            if self.announcer.digests.store(&self.digest).await? {
                self.digest.version += 1;
                return Ok(true);
            }
            match self.announcer.digests.digest(&self.digest.event).await? {
                Some(digest) if digest.is_held_by(self.holder) => self.digest = digest,
                _ => return Ok(false),
            }
        }
        Err(busy())
    }
}

/// The same when it goes out again; ASCII and short, since it stands in headers.
fn notification_id(told: &Told<'_>, number: u64, to: &Recipient) -> String {
    let mut hash = Sha256::new();
    let opened_at = told.news.opened_at.as_millis().to_string();
    // None of these can hold a line break.
    for part in [told.event.as_str(), &opened_at, name_of(to).as_str()] {
        hash.update(part);
        hash.update("\n");
    }
    format!("{number}-{}", URL_SAFE_NO_PAD.encode(&hash.finalize()[..16]))
}

fn name_of(recipient: &Recipient) -> NameKey {
    match recipient {
        Recipient::Attendee(attendee) => attendee.name.key().clone(),
        Recipient::Everybody => NameKey::from_stored(EVERYBODY.to_owned()),
    }
}
