//! When a deferred message is delivered again.

use crate::domain::retry_schedule::RetrySchedule;
use crate::ingest::Outcome;
use crate::ports::{Deferral, Deferrals, Delivery};

impl RetrySchedule {
    /// The deferral of a delivery with this outcome. Returns `None` for an outcome that needs no further delivery.
    pub fn deferral(&self, delivery: Delivery, outcome: &Outcome) -> Option<Deferral> {
        let Deferrals { attempts, early_attempts } = delivery.deferrals;
        let (deferrals, reason) = match outcome {
            Outcome::Failed(reason) => {
                (Deferrals { attempts: attempts.saturating_add(1), early_attempts }, reason.clone())
            }
            Outcome::TooEarly => {
                let deferrals = Deferrals { attempts, early_attempts: early_attempts.saturating_add(1) };
                (deferrals, "the sign-up that this request refers to has not arrived yet".to_owned())
            }
            Outcome::Stored
            | Outcome::Duplicate
            | Outcome::Stale
            | Outcome::Ignored
            | Outcome::Rejected(_)
            | Outcome::Panicked(_) => return None,
        };
        Some(Deferral { delay: self.delay(deferrals.total()), deferrals, reason, delivery })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timestamp::Timestamp;

    fn delivery(deferrals: Deferrals) -> Delivery {
        Delivery {
            message_id: "message-7".to_owned(),
            receipt: "receipt".to_owned(),
            body: "{}".to_owned(),
            arrived_at: Timestamp::EARLIEST,
            receive_count: 1,
            deferrals,
        }
    }

    #[test]
    fn message_without_a_result_is_deferred_and_counted() {
        let before = Deferrals { attempts: 1, early_attempts: 2 };
        let deferred = |outcome: &Outcome| {
            let deferral = RetrySchedule::LOCAL.deferral(delivery(before), outcome)?;
            assert_eq!(deferral.delivery, delivery(before));
            Some((deferral.deferrals, deferral.delay.as_secs()))
        };
        let failed = deferred(&Outcome::Failed("out of order".to_owned()));
        assert_eq!(failed, Some((Deferrals { attempts: 2, early_attempts: 2 }, 8)));
        assert_eq!(deferred(&Outcome::TooEarly), Some((Deferrals { attempts: 1, early_attempts: 3 }, 8)));
        for done in [Outcome::Stored, Outcome::Duplicate, Outcome::Stale, Outcome::Rejected(String::new())] {
            assert_eq!(deferred(&done), None, "{done:?}");
        }
    }
}
