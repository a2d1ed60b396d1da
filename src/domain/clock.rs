//! The clock that gives requests and messages their time. It never goes back, even if the system's clock is set back: it
//! then runs on from its latest time.
//!
//! The newest request wins, so a request that got an earlier time than a stored one would have no effect.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::domain::timestamp::Timestamp;

/// A time of this clock, and when it had that time.
#[derive(Clone, Copy)]
struct Reading {
    time: Timestamp,
    taken_at: Instant,
}

impl Reading {
    /// The time that the clock has now, if it ran on since the reading.
    fn continued(self) -> Timestamp {
        self.time.plus(self.taken_at.elapsed())
    }
}

/// The latest reading at which the system's clock was not behind.
static LATEST: Mutex<Option<Reading>> = Mutex::new(None);

/// Returns the system's time, or a later one if the system's clock was set back since this clock was read.
pub fn now() -> Timestamp {
    at_least(Timestamp::now())
}

/// Continues from a time that an earlier process has used.
pub fn continue_from(time: Timestamp) {
    at_least(time);
}

/// Advances the clock to this time unless it is later already. Returns its time.
fn at_least(time: Timestamp) -> Timestamp {
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    match latest.map(Reading::continued) {
        Some(continued) if continued > time => continued,
        _ => {
            *latest = Some(Reading { time, taken_at: Instant::now() });
            time
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn runs_on_from_a_time_ahead_of_the_system() {
        let ahead = Timestamp::now().plus(Duration::from_secs(3_600));
        continue_from(ahead);
        let first = now();
        assert!(first >= ahead);
        let deadline = Instant::now() + Duration::from_secs(10);
        while now() <= first {
            assert!(Instant::now() < deadline, "the clock stands still");
        }
        assert!(now() < ahead.plus(Duration::from_secs(60)), "and it does not run faster");
        continue_from(first);
        assert!(now() > first);

        let further = ahead.plus(Duration::from_secs(3_600));
        continue_from(further);
        assert!(now() >= further, "the clock follows a later time");
    }
}
