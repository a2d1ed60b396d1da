//! Sends the direct messages in the outbox, and tries again those that could not be sent.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use super::NotificationSender;
use super::opt_in::{Attempt, Permission};
use super::resend_link::Resent;
use crate::domain::attendee::Attendee;
use crate::domain::direct_message::{DirectMessage, DirectMessageKind};
use crate::domain::new_event_id::for_log;
use crate::domain::retry_schedule::RetrySchedule;
use crate::domain::timestamp::Timestamp;
use crate::ports::{DirectMessageOutcome, Events, LastAttempt, Outbox, OutboxEntry, Roster, SendError, Unavailable};

/// Messages that are claimed together.
const BATCH_SIZE: usize = 64;

const MAX_CONCURRENT_MESSAGES: usize = 16;

/// How long a message stays claimed if its worker stops. Sending an email takes up to two minutes, and may wait as long for a
/// connection.
const CLAIM_DURATION: Duration = Duration::from_secs(5 * 60);

/// When a message is tried again.
const RETRIES: RetrySchedule =
    RetrySchedule { initial: Duration::from_secs(30), maximum: Duration::from_secs(15 * 60) };

/// A message that was not sent within this time is dropped. Servers that put off unknown senders accept a retry within a
/// day by default (RFC 6647, section 5).
const EXPIRES_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The number of messages in a batch, by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SentMessages {
    /// Sent, or no longer wanted.
    pub finished: u64,
    /// To be tried again later.
    pub deferred: u64,
    /// Never to be sent, because the recipient's server refuses the message.
    pub rejected: u64,
    /// Dropped after a day without success.
    pub expired: u64,
}

/// The outcome of one attempt.
pub(super) enum Outcome {
    Finished,
    Deferred { last_attempt: LastAttempt, reason: String },
    Rejected { reason: String },
}

/// Sends the messages in the outbox. Any number of processes can do this at once.
pub struct OutboxSender<'a> {
    pub outbox: &'a dyn Outbox,
    pub roster: &'a dyn Roster,
    /// Without a cache, since the event may have been deleted just now.
    pub events: &'a dyn Events,
    pub sender: &'a NotificationSender,
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    pub is_stopping: &'a (dyn Fn() -> bool + Sync),
}

impl OutboxSender<'_> {
    /// Sends a batch of the messages that are due. A message that fails delays no other.
    ///
    /// # Errors
    /// Returns the last error of the outbox. The messages concerned are due again when their claims end.
    pub async fn send_due(&self) -> Result<SentMessages, Unavailable> {
        let now = (self.clock)();
        let entries = self.outbox.claim(BATCH_SIZE, now, now.plus(CLAIM_DURATION)).await?;
        let outcomes = entries.iter().map(|entry| self.process(entry, now));
        let outcomes: Vec<_> = outcomes.collect();
        let mut outcomes = stream::iter(outcomes).buffer_unordered(MAX_CONCURRENT_MESSAGES);
        let (mut total, mut failure) = (SentMessages::default(), None);
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Ok(sent) => total.add(sent),
                Err(unavailable) => failure = Some(unavailable),
            }
        }
        failure.map_or(Ok(total), Err)
    }

    async fn process(&self, entry: &OutboxEntry, claimed_at: Timestamp) -> Result<SentMessages, Unavailable> {
        if (self.is_stopping)() {
            self.outbox.release(entry).await?;
            return Ok(SentMessages::default());
        }
        let attempt = Attempt { now: claimed_at, unresolved_since: entry.unresolved_since };
        let outcome = self.attempt(&entry.message, attempt).await.unwrap_or_else(Outcome::of_failure);
        let DirectMessage { kind, registration } = &entry.message;
        let event = for_log(&registration.attendee.event);
        let now = (self.clock)();
        let outcome = match outcome {
            Outcome::Finished => {
                self.outbox.finish(entry).await?;
                DirectMessageOutcome::Finished
            }
            Outcome::Rejected { reason } => {
                tracing::warn!(event.id = event, ?kind, reason, "direct message rejected");
                self.outbox.finish(entry).await?;
                DirectMessageOutcome::Rejected
            }
            Outcome::Deferred { reason, .. } if now.since(entry.first_at) >= EXPIRES_AFTER => {
                tracing::warn!(
                    event.id = event,
                    ?kind,
                    reason,
                    "direct message dropped: it could not be sent for a day"
                );
                self.outbox.finish(entry).await?;
                DirectMessageOutcome::Expired
            }
            Outcome::Deferred { last_attempt, reason } => {
                let due_at = now.plus(RETRIES.delay(entry.attempts));
                tracing::info!(event.id = event, ?kind, reason, %due_at, "direct message deferred");
                self.outbox.defer(entry, due_at, last_attempt, &reason).await?;
                DirectMessageOutcome::Deferred
            }
        };
        self.sender.metrics.direct_message(*kind, outcome);
        Ok(SentMessages::of(outcome))
    }

    async fn attempt(&self, message: &DirectMessage, attempt: Attempt) -> Result<Outcome, SendError> {
        let Some(attendee) = self.attendee(message).await? else { return Ok(Outcome::Finished) };
        self.sender.try_direct_message(message.kind, &attendee, attempt).await
    }

    /// Returns the attendee as stored now, or `None` if the registration has ended or its event was deleted.
    async fn attendee(&self, message: &DirectMessage) -> Result<Option<Attendee>, Unavailable> {
        let key = &message.registration.attendee;
        let Some(attendee) = self.roster.attendee(key).await? else { return Ok(None) };
        let is_current = attendee.registration().is_some_and(|current| current.owner == message.registration.owner);
        if !is_current || self.events.stored(&key.event).await?.is_void(attendee.newest.requested_at) {
            return Ok(None);
        }
        Ok(Some(attendee))
    }
}

impl NotificationSender {
    /// Sends a direct message to an attendee.
    pub(super) async fn try_direct_message(
        &self,
        kind: DirectMessageKind,
        attendee: &Attendee,
        attempt: Attempt,
    ) -> Result<Outcome, SendError> {
        match kind {
            DirectMessageKind::OptInRequest => self.request_opt_in(attendee, attempt).await,
            DirectMessageKind::ManageLink => Ok(match self.resend_link(attendee, attempt.now).await? {
                Resent::Finished => Outcome::Finished,
                Resent::HeldBack => Outcome::held_back(attempt),
            }),
        }
    }

    async fn request_opt_in(&self, attendee: &Attendee, attempt: Attempt) -> Result<Outcome, SendError> {
        let Some(to) = self.addressee(attendee) else { return Ok(Outcome::Finished) };
        Ok(match self.check_or_request_opt_in(&to, attempt).await? {
            Permission::Granted | Permission::Denied => Outcome::Finished,
            Permission::RequestHeldBack => Outcome::held_back(attempt),
        })
    }
}

impl Outcome {
    /// Nothing was stored, but an attempt before this one may still be unresolved.
    fn held_back(attempt: Attempt) -> Self {
        let last_attempt = attempt.unresolved_since.map_or(LastAttempt::Resolved, |_| LastAttempt::Unresolved);
        Self::Deferred { last_attempt, reason: "a limit, or a request to the same mailbox, holds it back".to_owned() }
    }

    fn of_failure(failure: SendError) -> Self {
        match failure {
            SendError::Rejected(reason) => Self::Rejected { reason },
            // A storage backend failed, perhaps after something was stored.
            SendError::Unavailable(cause) => {
                Self::Deferred { last_attempt: LastAttempt::Unresolved, reason: cause.to_string() }
            }
            SendError::NotSent(cause) | SendError::RecipientUnavailable(cause) => {
                Self::Deferred { last_attempt: LastAttempt::Resolved, reason: cause.to_string() }
            }
        }
    }
}

impl SentMessages {
    fn of(outcome: DirectMessageOutcome) -> Self {
        let mut sent = Self::default();
        match outcome {
            DirectMessageOutcome::Finished => sent.finished = 1,
            DirectMessageOutcome::Deferred => sent.deferred = 1,
            DirectMessageOutcome::Rejected => sent.rejected = 1,
            DirectMessageOutcome::Expired => sent.expired = 1,
        }
        sent
    }

    fn add(&mut self, other: Self) {
        self.finished += other.finished;
        self.deferred += other.deferred;
        self.rejected += other.rejected;
        self.expired += other.expired;
    }
}
