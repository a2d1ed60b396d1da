//! What became of each delivery.

use crate::domain::attendee::Applied;
use crate::ports::{ApplyError, IngestCounts};

/// What became of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The request was applied.
    Stored,
    /// The same request was applied before.
    Duplicate,
    /// A newer request was applied before.
    Stale,
    /// The message needs no action, such as a button's status report.
    Ignored,
    /// The message can never succeed. It is stored as a rejected message with this reason.
    Rejected(String),
    /// The message failed for this reason and may succeed later.
    Retry(String),
}

/// The outcome of one delivery, with the ids that the queue knows the delivery by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processed {
    pub message_id: String,
    pub receipt: String,
    pub outcome: Outcome,
}

impl Processed {
    /// Writes the outcome to the log.
    pub fn log(&self) {
        let id = &self.message_id;
        match &self.outcome {
            Outcome::Stored => tracing::debug!(message.id = id, "signup stored"),
            Outcome::Duplicate | Outcome::Stale | Outcome::Ignored => {
                tracing::debug!(message.id = id, "signup changed nothing")
            }
            Outcome::Rejected(reason) => tracing::warn!(message.id = id, reason, "message rejected"),
            Outcome::Retry(reason) => tracing::warn!(message.id = id, reason, "message deferred"),
        }
    }
}

impl From<Applied> for Outcome {
    fn from(applied: Applied) -> Self {
        match applied {
            Applied::Stored => Self::Stored,
            Applied::Duplicate => Self::Duplicate,
            Applied::Stale => Self::Stale,
            Applied::NotOwner => {
                Self::Rejected("this registration belongs to another sign-up; only its owner may change it".to_owned())
            }
            Applied::TooEarly => Self::Retry("the sign-up that this request refers to has not arrived yet".to_owned()),
        }
    }
}

impl From<&ApplyError> for Outcome {
    fn from(error: &ApplyError) -> Self {
        match error {
            ApplyError::Unavailable(unavailable) => Self::Retry(unavailable.to_string()),
            ApplyError::Rejected(reason) => Self::Rejected(reason.clone()),
        }
    }
}

/// Counts the deliveries by outcome.
#[must_use]
pub fn count_outcomes(processed: &[Processed]) -> IngestCounts {
    let mut counts = IngestCounts::default();
    for delivery in processed {
        *match delivery.outcome {
            Outcome::Stored => &mut counts.stored,
            Outcome::Duplicate => &mut counts.duplicate,
            Outcome::Stale => &mut counts.stale,
            Outcome::Ignored => &mut counts.ignored,
            Outcome::Rejected(_) => &mut counts.rejected,
            Outcome::Retry(_) => &mut counts.retried,
        } += 1;
    }
    counts
}
