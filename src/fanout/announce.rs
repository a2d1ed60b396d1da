//! A digest's news to everybody who is in.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use crate::domain::digest::Lease;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::fanout::announcer::{Announcer, LEASE};
use crate::fanout::round::Round;
use crate::fanout::{ATTEMPTS, busy};
use crate::ports::{NotificationCounts, Unavailable, Write};

/// For how long it is tried to reach somebody.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Events that are told at once.
const TOGETHER: usize = 4;

impl Announcer<'_> {
    /// Sends what is due of several events, a few of them at once and each for its share of the time, so that none keeps the
    /// others waiting; says of each what came of it. After `until` it begins with no further one.
    pub async fn announce_all(
        &self,
        events: Vec<EventId>,
        until: Timestamp,
        ended: impl Fn(&EventId, Result<NotificationCounts, Unavailable>),
    ) {
        let together = events.len().clamp(1, TOGETHER);
        let rounds = u32::try_from(events.len().div_ceil(together)).unwrap_or(u32::MAX).max(1);
        let share = until.since((self.clock)()) / rounds;
        let of_one = &Announcer { at_once: (self.at_once / together).max(1), ..*self };
        let (clock, ended) = (self.clock, &ended);
        let turns = events.into_iter().map(|event| async move {
            let now = clock();
            if now < until && !(of_one.stopped)() {
                ended(&event, of_one.announce(&event, until.min(now.plus(share))).await);
            }
        });
        let turns: Vec<_> = turns.collect();
        stream::iter(turns).buffer_unordered(together).collect().await
    }

    /// Sends what is due of one event, unless somebody else is at it; after `until` it tries no further recipient.
    pub async fn announce(&self, event: &EventId, until: Timestamp) -> Result<NotificationCounts, Unavailable> {
        let holder = random();
        for _ in 0..ATTEMPTS {
            let Some(mut digest) = self.digests.digest(event).await? else { return Ok(NotificationCounts::default()) };
            let now = (self.clock)();
            let mut tally = NotificationCounts::default();
            // It is ours already if only the answer to the last try was lost.
            if !digest.is_held_by(holder) {
                if !digest.claim(Lease { holder, ends_at: now.plus(LEASE) }, now) {
                    return Ok(tally);
                }
                tally.expired = digest.give_up(GIVE_UP_AFTER, &self.noise, now);
                if self.digests.store(&digest).await? == Write::Conflict {
                    continue;
                }
                digest.version += 1;
            }
            let mut round = Round { announcer: self, digest, holder, until, tally };
            round.run().await?;
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
