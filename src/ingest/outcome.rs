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

#[cfg(test)]
#[cfg(feature = "standalone")]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;
    use crate::domain::timestamp::Timestamp;
    use crate::ports::Deferrals;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns the fields of the lines that are logged for these outcomes.
    fn logged(outcomes: &[Outcome]) -> Vec<Value> {
        let processed = |outcome: &Outcome| Processed {
            delivery: Delivery {
                message_id: "message-7".to_owned(),
                receipt: String::new(),
                body: String::new(),
                arrived_at: Timestamp::EARLIEST,
                receive_count: 1,
                deferrals: Deferrals::default(),
            },
            outcome: outcome.clone(),
        };
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
        let processed: Vec<Processed> = outcomes.iter().map(processed).collect();
        tracing::subscriber::with_default(subscriber, || log_outcomes(&processed));
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["fields"].clone()).collect()
    }

    #[test]
    fn deferred_messages_share_one_line() {
        let failed = |reason: &str| Outcome::Failed(reason.to_owned());
        assert_eq!(logged(&[Outcome::Stored, Outcome::Duplicate]), Vec::<Value>::new());
        let lines = logged(&[failed("out of order"), Outcome::Stored, failed("no answer"), failed("no answer")]);
        let expected = serde_json::json!({ "message": "messages deferred", "messages": 3, "reason": "out of order" });
        assert_eq!(lines, [expected]);
        assert_eq!(logged(&[failed("no answer")])[0]["messages"], 1);
        assert_eq!(logged(&[Outcome::Rejected("it is no JSON".to_owned())])[0]["message"], "message rejected");
    }
}
