//! The backoff: the minimum time between two announcements of one event.

use std::time::Duration;

use crate::domain::timestamp::{Timestamp, millis};
use serde::{Deserialize, Serialize};

/// How the delay between the announcements of one event grows. With the defaults, a recipient gets at most 30
/// notifications about one event in any 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffPolicy {
    /// The delay after the first announcement.
    pub initial: Duration,
    /// The factor by which each further announcement increases the delay.
    pub multiplier: u32,
    /// The maximum delay. After the same time without a change or an announcement, the delay is reset to `initial`.
    pub maximum: Duration,
}

impl Default for BackoffPolicy {
    fn default() -> Self {
        Self { initial: Duration::from_secs(60), multiplier: 2, maximum: Duration::from_secs(6 * 60 * 60) }
    }
}

/// The delay after an announcement. The event's next announcement is not sent before the delay ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    #[serde(rename = "lasts_seconds", with = "whole_seconds")]
    pub delay: Duration,
    #[serde(with = "millis")]
    pub ends_at: Timestamp,
}

mod whole_seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(duration.as_secs())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

impl Backoff {
    /// Returns the backoff after an announcement at `now`. `previous` is the backoff before this announcement.
    pub fn after(previous: Option<Self>, policy: &BackoffPolicy, now: Timestamp) -> Self {
        let delay = previous.map_or(policy.initial, |previous| previous.delay.saturating_mul(policy.multiplier));
        let delay = delay.min(policy.maximum);
        Self { delay, ends_at: now.plus(delay) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_up_to_maximum() {
        let now = Timestamp::parse_rfc3339("2026-11-25T20:00:00Z").unwrap();
        let mut backoff = None;
        let minutes: Vec<u64> = std::iter::repeat_with(|| {
            backoff = Some(Backoff::after(backoff, &BackoffPolicy::default(), now));
            backoff.unwrap().delay.as_secs() / 60
        })
        .take(11)
        .collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        assert_eq!(backoff.unwrap().ends_at, now.plus(Duration::from_secs(6 * 60 * 60)));
    }
}
