//! The outcome of each delivery.

use crate::domain::attendee::Applied;
use crate::ports::{ApplyError, Delivery, IngestCounts};

/// The outcome of one delivery.
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
    /// A transient failure, with the reason. The message is deferred as often as needed.
    Failed(String),
    /// The sign-up that the request refers to has not arrived yet. The message is deferred a limited number of times.
    TooEarly,
    /// The program panicked on the message, with the panic's text. The queue delivers it again after its visibility timeout.
    Panicked(String),
}

/// A delivery and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processed {
    pub delivery: Delivery,
    pub outcome: Outcome,
}

/// Writes the outcomes of a batch to the log. Deferred messages share one line, because in an outage all of them are
/// deferred for the same reason.
pub fn log_outcomes(processed: &[Processed]) {
    let mut deferred = 0;
    let mut first_reason = "";
    for Processed { delivery, outcome } in processed {
        let id = &delivery.message_id;
        match outcome {
            Outcome::Stored => tracing::debug!(message.id = id, "signup stored"),
            Outcome::Duplicate | Outcome::Stale | Outcome::Ignored => {
                tracing::debug!(message.id = id, "signup changed nothing")
            }
            Outcome::Rejected(reason) => tracing::warn!(message.id = id, reason, "message rejected"),
            Outcome::Failed(reason) => {
                tracing::debug!(message.id = id, reason, "message deferred");
                first_reason = if deferred == 0 { reason } else { first_reason };
                deferred += 1;
            }
            Outcome::TooEarly => tracing::info!(message.id = id, "message deferred until its sign-up arrives"),
            Outcome::Panicked(reason) => tracing::error!(message.id = id, reason, "processing the message panicked"),
        }
    }
    if deferred > 0 {
        tracing::warn!(messages = deferred, reason = first_reason, "messages deferred");
    }
}

impl From<Applied> for Outcome {
    fn from(applied: Applied) -> Self {
        match applied {
            Applied::Stored => Self::Stored,
            Applied::Duplicate => Self::Duplicate,
            Applied::Stale => Self::Stale,
            Applied::NotOwner => Self::Rejected(
                "another sign-up began this registration; only the person with its link may change it".to_owned(),
            ),
            Applied::TooEarly => Self::TooEarly,
        }
    }
}

impl From<&ApplyError> for Outcome {
    fn from(error: &ApplyError) -> Self {
        match error {
            ApplyError::Unavailable(unavailable) => Self::Failed(unavailable.to_string()),
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
            Outcome::Failed(_) | Outcome::TooEarly | Outcome::Panicked(_) => &mut counts.retried,
        } += 1;
    }
    counts
}
