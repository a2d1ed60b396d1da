//! Sends the due digests of events to the attendees.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use crate::domain::backoff::BackoffPolicy;
use crate::domain::digest::{Claim, Lease};
use crate::domain::event::EventId;
use crate::domain::event_announcement::EventAnnouncement;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::Viewer;
use crate::fanout::round::Round;
use crate::fanout::{MAX_ATTEMPTS, park, too_many_conflicts};
use crate::ports::{DamagedRecord, Digests, Events, NotificationCounts, Notifier, ReadError, Roster, Write};

/// How long a process may send a digest before another process can claim it. This is longer than the
/// timeout of a Lambda function (60 s), so a running function keeps its lease.
pub const LEASE_DURATION: Duration = Duration::from_secs(120);

/// A failed notification expires after this time.
const NOTIFICATION_EXPIRES_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Events whose digests are sent concurrently.
const MAX_CONCURRENT_EVENTS: usize = 4;

/// Sends due digests.
///
/// Every attendee is notified of every change, even if a process crashes or two processes try to send the same digest.
/// The sender claims the digest with a lease, stores its progress after each page of subscribers, and stores the digest
/// as sent after the last page. After a crash, only the notifications since the last stored progress are repeated.
pub struct DigestSender<'a> {
    pub digests: &'a dyn Digests,
    pub roster: &'a dyn Roster,
    pub events: &'a dyn Events,
    pub notifier: &'a dyn Notifier,
    pub backoff: BackoffPolicy,
    /// The maximum number of notifications that are sent concurrently.
    pub concurrency: usize,
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// Whether the program is stopping. If so, no further recipient is notified.
    pub is_stopping: &'a (dyn Fn() -> bool + Sync),
}

impl DigestSender<'_> {
    /// Sends the due digests of several events, at most `MAX_CONCURRENT_EVENTS` at the same time. Each event gets an
    /// equal share of the time until `deadline`, so that a slow event does not delay the others. Events that have not
    /// started by `deadline` are skipped. `on_result` is called with the result of each event that was started.
    pub async fn send_digests(
        &self,
        events: Vec<EventId>,
        deadline: Timestamp,
        on_result: impl Fn(&EventId, Result<NotificationCounts, ReadError>),
    ) {
        let concurrent_events = events.len().clamp(1, MAX_CONCURRENT_EVENTS);
        let turns = u32::try_from(events.len().div_ceil(concurrent_events)).unwrap_or(u32::MAX).max(1);
        let time_per_event = deadline.since((self.clock)()) / turns;
        let event_sender = &DigestSender { concurrency: (self.concurrency / concurrent_events).max(1), ..*self };
        let (clock, on_result) = (self.clock, &on_result);
        let sends = events.into_iter().map(|event| async move {
            let now = clock();
            if now < deadline && !(event_sender.is_stopping)() {
                on_result(&event, event_sender.send_digest(&event, deadline.min(now.plus(time_per_event))).await);
            }
        });
        let sends: Vec<_> = sends.collect();
        stream::iter(sends).buffer_unordered(concurrent_events).collect().await
    }

    /// Sends the due digest of one event. Does nothing if another process holds the lease on
    /// the digest. After `deadline`, no further recipient is notified.
    ///
    /// # Errors
    /// If the digest is damaged, its event is parked.
    pub async fn send_digest(&self, event: &EventId, deadline: Timestamp) -> Result<NotificationCounts, ReadError> {
        let holder = random_holder();
        for _ in 0..MAX_ATTEMPTS {
            let now = (self.clock)();
            let mut digest = match self.digests.digest(event).await {
                Ok(Some(digest)) => digest,
                Ok(None) => return Ok(NotificationCounts::default()),
                Err(ReadError::Damaged(cause)) => {
                    park(event.clone(), DamagedRecord::Digest, cause.clone(), self.digests, now).await?;
                    return Err(ReadError::Damaged(cause));
                }
                Err(unavailable) => return Err(unavailable),
            };
            let mut tally = NotificationCounts::default();
            // After a conflict, this process can already hold the lease: its previous
            // attempt was stored, but the response was lost.
            if !digest.is_held_by(holder) {
                let lease = Lease { holder, ends_at: now.plus(LEASE_DURATION) };
                let Some(claim) = digest.claim(lease, now) else { return Ok(tally) };
                tally.expired = digest.expire_failed(NOTIFICATION_EXPIRES_AFTER, &self.backoff, now);
                let stored = match claim {
                    Claim::Earlier => self.digests.store(&digest).await?,
                    Claim::New(announcement) => {
                        let view = self.events.stored(event).await?.view(Viewer::Attendee);
                        self.digests.store_announcing(&digest, &EventAnnouncement { view, ..announcement }).await?
                    }
                };
                if stored == Write::Conflict {
                    continue;
                }
                digest.version += 1;
            }
            let mut round = Round { announcer: self, digest, holder, until: deadline, tally };
            round.run().await?;
            return Ok(round.tally);
        }
        Err(too_many_conflicts().into())
    }
}

fn random_holder() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    u64::from_ne_bytes(bytes)
}
