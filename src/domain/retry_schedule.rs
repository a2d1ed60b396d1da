//! When something that failed is tried again.

use std::time::Duration;

/// The delay before a message is tried again. It doubles with each failure of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySchedule {
    pub initial: Duration,
    pub maximum: Duration,
}

impl RetrySchedule {
    /// For a queue in the same database as the roster: when one is available again, so is the other.
    pub const LOCAL: Self = Self { initial: Duration::from_secs(1), maximum: Duration::from_secs(60) };

    /// For SQS, which delays a message by at most 15 minutes ("Message timers").
    pub const SQS: Self = Self { initial: Duration::from_secs(30), maximum: Duration::from_secs(15 * 60) };

    /// The delay after failure number `count`, from 1.
    pub fn delay(&self, count: u32) -> Duration {
        let factor = 2_u32.checked_pow(count.saturating_sub(1)).unwrap_or(u32::MAX);
        self.initial.saturating_mul(factor).min(self.maximum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_up_to_the_maximum() {
        let delays = |counts: &[u32]| -> Vec<u64> {
            counts.iter().map(|count| RetrySchedule::SQS.delay(*count).as_secs()).collect()
        };
        let expected = [30, 60, 120, 240, 480, 900, 900, 900];
        assert_eq!(delays(&[1, 2, 3, 4, 5, 6, 7, u32::MAX]), expected);
    }
}
