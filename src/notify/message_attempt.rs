//! One attempt to send a message of the outbox, and what becomes of the message.

use std::time::Duration;

use async_trait::async_trait;

use super::NotificationSender;
use super::digest::DigestSender;
use super::opt_in::{Attempt, Permission};
use super::resend_link::Resent;
use crate::domain::attendee::Attendee;
use crate::domain::new_event_id::for_log;
use crate::domain::outbox_message::OutboxMessage;
use crate::domain::registration::RegistrationKey;
use crate::domain::retry_schedule::RetrySchedule;
use crate::domain::timestamp::Timestamp;
use crate::ports::{LastAttempt, MessageOutcome, OutboxEntry, Seats, SendError, Unavailable};

/// When a message is tried again, on every backend.
const RETRIES: RetrySchedule = RetrySchedule::SQS;

/// A message that was not sent within this time is dropped. Servers that put off unknown senders accept a retry within a
/// day by default (RFC 6647, section 5).
pub const EXPIRES_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A recipient who may have got a digest or the news about a seat at each attempt gets at most this many copies of it. A digest is
/// part of the next one.
const MAX_UNCERTAIN_ATTEMPTS: u32 = 30;

/// The outcome of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The digest or the news about a seat was sent.
    Delivered,
    /// The message is not needed any more. An opt-in request or a link may also have been sent.
    Finished,
    Deferred {
        last_attempt: LastAttempt,
        reason: String,
    },
    /// It is not known whether the message was sent. It is tried again, but at most 30 times.
    Uncertain {
        reason: String,
    },
    Rejected {
        reason: String,
    },
}

/// What becomes of a message after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The message leaves the outbox.
    Done(MessageOutcome),
    /// The message is tried again.
    Deferred { delay: Duration, last_attempt: LastAttempt, reason: String },
}

/// Makes attempts to send messages.
#[async_trait]
pub trait SendMessage: Send + Sync {
    async fn attempt(&self, message: &OutboxMessage, attempt: Attempt) -> Result<Outcome, SendError>;
}

/// Sends the messages of this deployment.
pub struct MessageSender<'a> {
    pub digests: DigestSender<'a>,
    pub seats: &'a dyn Seats,
    pub sender: &'a NotificationSender,
}

/// Makes one attempt to send a message, and decides what becomes of it.
pub async fn attempt(
    sender: &dyn SendMessage,
    entry: &OutboxEntry,
    begins_at: Timestamp,
    clock: &(dyn Fn() -> Timestamp + Sync),
) -> Settlement {
    let attempt = Attempt { now: begins_at, unresolved_since: entry.unresolved_since };
    let outcome = sender.attempt(&entry.message, attempt).await.unwrap_or_else(Outcome::of_failure);
    let (event, kind) = (for_log(entry.message.event()), entry.message.kind());
    match outcome {
        Outcome::Delivered => Settlement::Done(MessageOutcome::Delivered),
        Outcome::Finished => Settlement::Done(MessageOutcome::Finished),
        Outcome::Rejected { reason } => {
            tracing::warn!(event.id = event, ?kind, reason, "message rejected");
            Settlement::Done(MessageOutcome::Rejected)
        }
        Outcome::Deferred { reason, .. } | Outcome::Uncertain { reason }
            if clock().since(entry.first_at) >= EXPIRES_AFTER =>
        {
            tracing::warn!(event.id = event, ?kind, reason, "message dropped: it could not be sent for a day");
            Settlement::Done(MessageOutcome::Expired)
        }
        Outcome::Uncertain { reason } if entry.attempts >= MAX_UNCERTAIN_ATTEMPTS => {
            tracing::warn!(event.id = event, ?kind, reason, "message dropped: the recipient may have it already");
            Settlement::Done(MessageOutcome::Expired)
        }
        Outcome::Uncertain { reason } => {
            let delay = RETRIES.delay(entry.attempts);
            tracing::info!(event.id = event, ?kind, reason, ?delay, "message deferred; it may have been sent");
            Settlement::Deferred { delay, last_attempt: LastAttempt::Resolved, reason }
        }
        Outcome::Deferred { last_attempt, reason } => {
            let delay = match last_attempt {
                LastAttempt::NotMade => RETRIES.maximum,
                LastAttempt::Resolved | LastAttempt::Unresolved => RETRIES.delay(entry.attempts),
            };
            tracing::info!(event.id = event, ?kind, reason, ?delay, "message deferred");
            Settlement::Deferred { delay, last_attempt, reason }
        }
    }
}

#[async_trait]
impl SendMessage for MessageSender<'_> {
    async fn attempt(&self, message: &OutboxMessage, attempt: Attempt) -> Result<Outcome, SendError> {
        match message {
            OutboxMessage::Digest(delivery) => self.digests.send(delivery, attempt.unresolved_since).await,
            OutboxMessage::SeatNews(registration) => self.send_seat_news(registration, attempt).await,
            OutboxMessage::OptInRequest(registration) => {
                let Some(attendee) = self.attendee(registration).await? else { return Ok(Outcome::Finished) };
                self.sender.request_opt_in(&attendee, attempt).await
            }
            OutboxMessage::ManageLink(registration) => {
                let Some(attendee) = self.attendee(registration).await? else { return Ok(Outcome::Finished) };
                Ok(match self.sender.resend_link(&attendee, attempt.now).await? {
                    Resent::Finished => Outcome::Finished,
                    Resent::Deferred => Outcome::not_asked_yet(attempt),
                })
            }
        }
    }
}

impl MessageSender<'_> {
    /// Returns the attendee as stored now, or `None` if the registration has ended or its event was deleted.
    pub(super) async fn attendee(&self, registration: &RegistrationKey) -> Result<Option<Attendee>, Unavailable> {
        let key = &registration.attendee;
        let Some(attendee) = self.digests.roster.attendee(key).await? else { return Ok(None) };
        let is_current = attendee.registration().is_some_and(|current| current.owner == registration.owner);
        if !is_current || self.digests.events.stored(&key.event).await?.is_void(attendee.newest.requested_at) {
            return Ok(None);
        }
        Ok(Some(attendee))
    }
}

impl NotificationSender {
    async fn request_opt_in(&self, attendee: &Attendee, attempt: Attempt) -> Result<Outcome, SendError> {
        let Some(to) = self.addressee(attendee) else { return Ok(Outcome::Finished) };
        Ok(match self.check_or_request_opt_in(&to, attempt).await? {
            Permission::Granted | Permission::Denied => Outcome::Finished,
            Permission::RequestDeferred => Outcome::not_asked_yet(attempt),
        })
    }
}

impl Settlement {
    pub fn outcome(&self) -> MessageOutcome {
        match self {
            Self::Done(outcome) => *outcome,
            Self::Deferred { .. } => MessageOutcome::Deferred,
        }
    }
}

impl Outcome {
    /// Returns the outcome of a message that consists of two.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (uncertain @ Self::Uncertain { .. }, _) | (_, uncertain @ Self::Uncertain { .. }) => uncertain,
            (deferred @ Self::Deferred { .. }, _) | (_, deferred @ Self::Deferred { .. }) => deferred,
            (rejected @ Self::Rejected { .. }, _) | (_, rejected @ Self::Rejected { .. }) => rejected,
            (Self::Delivered, _) | (_, Self::Delivered) => Self::Delivered,
            (Self::Finished, Self::Finished) => Self::Finished,
        }
    }

    /// Nothing was stored, but an attempt before this one may still be unresolved.
    pub(super) fn not_asked_yet(attempt: Attempt) -> Self {
        let last_attempt = attempt.unresolved_since.map_or(LastAttempt::Resolved, |_| LastAttempt::Unresolved);
        Self::Deferred { last_attempt, reason: "a limit, or a request to the same mailbox, defers it".to_owned() }
    }

    /// The watermark records that an attempt may have sent the digest or the news about a seat.
    pub(super) fn of_watermarked_failure(failure: SendError) -> Self {
        match failure {
            SendError::Unavailable(cause) | SendError::RecipientUnavailable(cause) => {
                Self::Uncertain { reason: cause.to_string() }
            }
            SendError::NotSent(_) | SendError::LimitReached(_) | SendError::Rejected(_) => Self::of_failure(failure),
        }
    }

    pub(super) fn of_failure(failure: SendError) -> Self {
        match failure {
            SendError::Rejected(reason) => Self::Rejected { reason },
            // A storage backend failed, perhaps after something was stored.
            SendError::Unavailable(cause) => {
                Self::Deferred { last_attempt: LastAttempt::Unresolved, reason: cause.to_string() }
            }
            SendError::NotSent(cause) | SendError::RecipientUnavailable(cause) => {
                Self::Deferred { last_attempt: LastAttempt::Resolved, reason: cause.to_string() }
            }
            SendError::LimitReached(_) => {
                Self::Deferred { last_attempt: LastAttempt::NotMade, reason: failure.to_string() }
            }
        }
    }
}
