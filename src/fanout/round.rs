//! One holding of a digest's lease: who was missed before, then page after page of the subscribers, then who is late.

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::digest::{Digest, Lease, MISSED_MAX, Sending};
use crate::domain::notification::Recipient;
use crate::domain::pending_changes::{EventChanges, PendingChanges};
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::fanout::digest_sender::{DigestSender, LEASE_DURATION};
use crate::fanout::telling::{EVERYBODY, Telling, Tried};
use crate::fanout::{MAX_ATTEMPTS, too_many_conflicts};
use crate::ports::{NotificationCounts, Unavailable, Write};

/// Recipients of one page of subscribers; how far it has come is written down after each.
const PAGE: usize = 500;

/// One holding of the lease.
pub struct Round<'a> {
    pub announcer: &'a DigestSender<'a>,
    pub digest: Digest,
    pub holder: u64,
    pub until: Timestamp,
    pub tally: NotificationCounts,
}

/// What is told, and by which number it is known again.
#[derive(Clone, Copy)]
struct Batch<'a> {
    news: &'a PendingChanges,
    doubtful: &'a [usize],
    number: u64,
}

impl<'a> Batch<'a> {
    fn of(sending: &'a Sending) -> Self {
        Self { news: &sending.news, doubtful: &[], number: sending.number }
    }
}

/// Who of those that were tried again is not told yet.
struct Left {
    names: Vec<NameKey>,
    /// Somebody was told, and for others there was no time.
    is_interrupted: bool,
    /// Some of them may have been told.
    is_doubtful: bool,
}

/// What became of a page.
struct Page {
    /// The last who was tried.
    told_to: Option<NameKey>,
    missed: Vec<NameKey>,
    /// Some of the missed may have been told.
    is_doubtful: bool,
    is_last: bool,
}

impl Round<'_> {
    pub async fn run(&mut self) -> Result<(), Unavailable> {
        // Not before: whoever takes long to fail would take the time of those who wait for their first news.
        if self.digest.missed() >= MISSED_MAX && !(self.try_the_missed().await? && self.try_the_late(false).await?) {
            return Ok(());
        }
        while self.digest.sending.is_some() {
            let goes_on = if self.digest.missed() >= MISSED_MAX { self.rest().await? } else { self.page().await? };
            if !goes_on {
                return Ok(());
            }
        }
        self.try_the_late(true).await.map(drop)
    }

    /// Leaves the rest for later, since too many were missed.
    async fn rest(&mut self) -> Result<bool, Unavailable> {
        let now = (self.announcer.clock)();
        self.save(now, false, |digest| digest.sending.iter_mut().for_each(|sending| sending.rest(now))).await
    }

    /// Tells a page and stores that; whether there is time to go on.
    async fn page(&mut self) -> Result<bool, Unavailable> {
        let page = self.tell_page().await?;
        let now = (self.announcer.clock)();
        let is_done = page.is_last && self.late(now).is_empty();
        let goes_on = self.has_time(now) && !is_done;
        let noise = self.announcer.backoff;
        self.save(now, goes_on, |digest| {
            if let Some(sending) = &mut digest.sending {
                sending.told_to.clone_from(&page.told_to);
                // They are there already where this was stored and only the answer was lost.
                let missed =
                    page.missed.iter().filter(|name| !sending.missed.contains(name)).cloned().collect::<Vec<_>>();
                sending.missed.extend(missed);
                sending.is_resumed |= page.is_doubtful;
            }
            if page.is_last {
                digest.finish_sending(&noise, now);
            }
        })
        .await
    }

    fn has_time(&self, now: Timestamp) -> bool {
        now < self.until && !(self.announcer.is_stopping)()
    }

    /// The groups that are to be tried again.
    fn late(&self, now: Timestamp) -> Vec<usize> {
        let groups = self.digest.late.iter().enumerate();
        groups.filter(|(_, late)| late.next_at <= now).map(|(at, _)| at).collect()
    }

    /// Those who were missed by what was sent before; whether there is time to go on, and not `all` is done.
    async fn try_the_late(&mut self, all: bool) -> Result<bool, Unavailable> {
        let mut tried = Vec::new();
        for at in self.late((self.announcer.clock)()) {
            let late = self.digest.late[at].clone();
            let (names, waiting): (Vec<_>, Vec<_>) = late.recipients.into_iter().partition(|name| self.is_past(name));
            if names.is_empty() {
                continue;
            }
            let batch = Batch { news: &late.news, doubtful: &late.doubtful, number: late.number };
            tried.push((at, waiting, self.try_again(batch, &names).await?));
            if !self.has_time((self.announcer.clock)()) {
                break;
            }
        }
        let now = (self.announcer.clock)();
        let goes_on = !all && self.has_time(now);
        self.save(now, goes_on, |digest| {
            for (at, waiting, left) in &tried {
                let late = &mut digest.late[*at];
                let names = [&left.names[..], waiting].concat();
                if left.is_doubtful {
                    late.doubt();
                }
                if left.is_interrupted { late.interrupted(names, now) } else { late.tried(names, now) }
            }
            digest.late.retain(|late| !late.recipients.is_empty());
        })
        .await
    }

    /// Whether the page on which somebody was left out since they are late was told: before, they would hear of it twice.
    fn is_past(&self, name: &NameKey) -> bool {
        let Some(sending) = &self.digest.sending else { return true };
        sending.told_to.as_ref().is_some_and(|told_to| name.as_str() == EVERYBODY || name <= told_to)
    }

    /// Those whom this sending has missed so far; whether there is time to go on.
    async fn try_the_missed(&mut self) -> Result<bool, Unavailable> {
        let Some(sending) = self.digest.sending.clone().filter(|sending| !sending.missed.is_empty()) else {
            return Ok(true);
        };
        let left = self.try_again(Batch::of(&sending), &sending.missed).await?;
        let now = (self.announcer.clock)();
        let goes_on = self.has_time(now);
        self.save(now, goes_on, |digest| {
            digest.sending.iter_mut().for_each(|sending| {
                sending.missed.clone_from(&left.names);
                sending.is_resumed |= left.is_doubtful;
            });
        })
        .await
    }

    async fn try_again(&mut self, batch: Batch<'_>, names: &[NameKey]) -> Result<Left, Unavailable> {
        let (mut recipients, mut unread) = (Vec::new(), &names[names.len()..]);
        for (place, name) in names.iter().enumerate() {
            if place >= self.announcer.concurrency && !self.has_time((self.announcer.clock)()) {
                unread = &names[place..];
                break;
            }
            if name.as_str() == EVERYBODY {
                recipients.push(Recipient::Everybody);
                continue;
            }
            let key = AttendeeKey { event: self.digest.event.clone(), name: name.clone() };
            let attendee = self.announcer.roster.attendee(&key).await?;
            // Who has left does not want to hear.
            recipients
                .extend(attendee.filter(|it| it.registration().is_some()).map(|it| Recipient::Attendee(Box::new(it))));
        }
        let tried = self.tell(batch, recipients, usize::MAX).await;
        // Whoever was not tried is the first next time.
        let not_tried = [unread, &tried.not_tried].concat();
        let is_interrupted = !not_tried.is_empty() && tried.tally.delivered > 0;
        Ok(Left { names: [not_tried, tried.missed].concat(), is_interrupted, is_doubtful: tried.is_doubtful })
    }

    /// Tells the next page of subscribers.
    async fn tell_page(&mut self) -> Result<Page, Unavailable> {
        let sending = self.digest.sending.clone().expect("a page is of something that is being sent");
        // One more, to know whether the page is the last one.
        let page = self.announcer.roster.subscribers(&self.digest.event, PAGE + 1, sending.told_to.as_ref()).await?;
        let is_last = page.len() <= PAGE;
        let page: Vec<Attendee> = page.into_iter().take(PAGE).collect();
        let last = page.last().map(|attendee| attendee.name.key().clone());
        // Recipients may have been stored under earlier keys.
        let is_late = |attendee: &Attendee| {
            let (name, earlier) = (attendee.name.key(), attendee.name.lookup_key());
            let is_among = |names: &[NameKey]| names.contains(name) || names.contains(&earlier);
            self.digest.late.iter().any(|late| is_among(&late.recipients)) || is_among(&sending.missed)
        };
        let attendees = page.into_iter().filter(|attendee| !is_late(attendee));
        let mut recipients: Vec<_> = attendees.map(|attendee| Recipient::Attendee(Box::new(attendee))).collect();
        if sending.told_to.is_none() {
            recipients.insert(0, Recipient::Everybody);
        }
        let room = MISSED_MAX.saturating_sub(self.digest.missed());
        let Tried { missed, last: last_tried, not_tried, is_doubtful, .. } =
            self.tell(Batch::of(&sending), recipients, room).await;
        if not_tried.is_empty() {
            return Ok(Page { is_last, told_to: last.or(sending.told_to), missed, is_doubtful });
        }
        let told_to = last_tried.map(|name| match name.as_str() {
            // Before all names.
            EVERYBODY => NameKey::from_stored(String::new()),
            _ => name,
        });
        Ok(Page { is_last: false, told_to: told_to.or(sending.told_to), missed, is_doubtful })
    }

    async fn tell(&mut self, batch: Batch<'_>, recipients: Vec<Recipient>, room: usize) -> Tried {
        let Batch { news, doubtful, number } = batch;
        let Digest { event, title, count, .. } = &self.digest;
        let told = EventChanges { event, title, count: *count, news, doubtful };
        let telling = Telling { announcer: self.announcer, told, number, until: self.until };
        let tried = telling.tell(recipients, room).await;
        self.tally.add(tried.tally);
        tried
    }

    /// Stores what is made of the digest, of what others made of it meanwhile if they did. Where it is to go on the lease
    /// begins anew, else it is given back, and others come first. Whether it goes on: if the lease is still ours.
    async fn save(&mut self, now: Timestamp, goes_on: bool, change: impl Fn(&mut Digest)) -> Result<bool, Unavailable> {
        for _ in 0..MAX_ATTEMPTS {
            if !goes_on {
                self.digest.sending.iter_mut().for_each(|sending| sending.pause(now));
            }
            change(&mut self.digest);
            self.digest.lease = goes_on.then_some(Lease { holder: self.holder, ends_at: now.plus(LEASE_DURATION) });
            if self.announcer.digests.store(&self.digest).await? == Write::Stored {
                self.digest.version += 1;
                return Ok(goes_on);
            }
            match self.announcer.digests.digest(&self.digest.event).await? {
                Some(digest) if digest.is_held_by(self.holder) => self.digest = digest,
                _ => return Ok(false),
            }
        }
        Err(too_many_conflicts())
    }
}
