//! Sends the messages in the outbox, and tries again those that could not be sent.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use super::message_attempt::{SendMessage, Settlement, attempt};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Lane, MessageOutcome, Meter, OutboxEntry, OutboxTable, Unavailable};

/// Messages of a lane that are sent concurrently. While some wait for the database, others wait for their provider, whose
/// adapter limits the calls at a time.
const MAX_CONCURRENT_MESSAGES: usize = 128;

/// More messages are claimed when so many more can be sent, so that a claim is for several.
const MIN_CLAIMED: usize = 16;

/// How long a message stays claimed if its worker stops. Sending an email takes up to two minutes, after up to two minutes for a
/// connection.
pub const CLAIM_DURATION: Duration = Duration::from_secs(5 * 60);

/// Sends the messages of an outbox in a database. Any number of processes can do this at once.
pub struct OutboxSender<'a> {
    pub outbox: &'a dyn OutboxTable,
    pub lane: Lane,
    pub sender: &'a dyn SendMessage,
    pub metrics: &'a dyn Meter,
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    pub is_stopping: &'a (dyn Fn() -> bool + Sync),
}

/// What happens while messages are sent.
enum Event {
    /// At most `limit` messages were claimed.
    Claimed {
        limit: usize,
        now: Timestamp,
        claimed: Result<Vec<OutboxEntry>, Unavailable>,
    },
    MoreMayBeDue,
    /// An attempt has ended.
    Ended(Result<MessageOutcome, Unavailable>),
}

/// How more messages are found.
#[derive(PartialEq, Eq)]
enum Next {
    /// With a claim, as soon as there is room.
    Claim,
    /// A claim is under way.
    Pending,
    /// Not before more messages may be due.
    Wait,
}

impl OutboxSender<'_> {
    /// Sends the messages that are due, until none is due and all attempts have ended. A message that fails delays no other, and
    /// one that takes long delays others only if 128 of them do. While attempts are under way, `wait_for_more` waits until more
    /// messages may be due. Returns the number of attempts that were not deferred.
    ///
    /// # Errors
    /// Returns the last error of the outbox. The messages concerned are due again when their claims end.
    pub async fn send_due<'a>(
        &self,
        wait_for_more: &(dyn Fn() -> BoxFuture<'a, ()> + Sync),
    ) -> Result<u64, Unavailable> {
        let (mut done, mut failure) = (0, None);
        let (mut under_way, mut next, mut is_waiting) = (0, Next::Claim, false);
        // A claim for few messages is made only after some time, in which more attempts may end.
        let mut least_room = MIN_CLAIMED;
        // All of it makes progress together: an attempt that is not polled may hold what a claim waits for.
        let mut work: FuturesUnordered<BoxFuture<'_, Event>> = FuturesUnordered::new();
        loop {
            let room = MAX_CONCURRENT_MESSAGES - under_way;
            if next == Next::Claim && room >= least_room && failure.is_none() && !(self.is_stopping)() {
                (next, least_room) = (Next::Pending, MIN_CLAIMED);
                work.push(Box::pin(self.claim(room)));
            }
            if under_way == 0 && next != Next::Pending {
                return failure.map_or(Ok(done), Err);
            }
            match work.next().await {
                Some(Event::Claimed { limit, now, claimed: Ok(entries) }) => {
                    next = if entries.len() < limit { Next::Wait } else { Next::Claim };
                    under_way += entries.len();
                    for entry in entries {
                        work.push(Box::pin(async move { Event::Ended(self.process(entry, now).await) }));
                    }
                    if under_way > 0 && !is_waiting {
                        is_waiting = true;
                        work.push(Box::pin(wait_for_more().map(|()| Event::MoreMayBeDue)));
                    }
                }
                Some(Event::Claimed { claimed: Err(unavailable), .. }) => {
                    (next, failure) = (Next::Wait, Some(unavailable))
                }
                Some(Event::MoreMayBeDue) => {
                    is_waiting = false;
                    if next != Next::Pending {
                        (next, least_room) = (Next::Claim, 1);
                    }
                }
                Some(Event::Ended(outcome)) => {
                    under_way -= 1;
                    match outcome {
                        Ok(MessageOutcome::Deferred) => {}
                        Ok(_) => done += 1,
                        Err(unavailable) => failure = Some(unavailable),
                    }
                }
                None => unreachable!("an attempt or a claim is under way"),
            }
        }
    }

    async fn claim(&self, limit: usize) -> Event {
        let now = (self.clock)();
        let claimed = self.outbox.claim(self.lane, limit, now, now.plus(CLAIM_DURATION)).await;
        Event::Claimed { limit, now, claimed }
    }

    async fn process(&self, entry: OutboxEntry, claimed_at: Timestamp) -> Result<MessageOutcome, Unavailable> {
        if (self.is_stopping)() {
            self.outbox.release(&entry).await?;
            return Ok(MessageOutcome::Deferred);
        }
        let settlement = attempt(self.sender, &entry, claimed_at, self.clock).await;
        let outcome = settlement.outcome();
        match settlement {
            Settlement::Done(_) => self.outbox.finish(&entry).await?,
            Settlement::Deferred { delay, last_attempt, reason } => {
                self.outbox.defer(&entry, (self.clock)().plus(delay), last_attempt, &reason).await?;
            }
        }
        self.metrics.attempted(&[(entry.message.kind(), outcome)]);
        Ok(outcome)
    }
}
