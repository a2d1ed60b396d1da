//! How much noise an event makes: after each announcement it is quiet for a while, and each time for longer.

use std::time::Duration;

use crate::domain::timestamp::{Timestamp, millis};
use serde::{Deserialize, Serialize};

/// The operator's choice. By default one event sends a recipient at most 30 notifications in any 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noise {
    /// How long an event is quiet after its first announcement.
    pub first_wait: Duration,
    /// How many times longer it is quiet after each further one.
    pub factor: u32,
    /// The longest that it is quiet; when nothing has happened for as long, the next change is a first one again.
    pub longest_wait: Duration,
}

impl Default for Noise {
    fn default() -> Self {
        Self { first_wait: Duration::from_secs(60), factor: 2, longest_wait: Duration::from_secs(6 * 60 * 60) }
    }
}

/// A time in which an event is not to be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    #[serde(rename = "lasts_seconds", with = "whole_seconds")]
    pub lasts: Duration,
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

impl Quiet {
    /// After an announcement that followed on another quiet time, or on none.
    pub fn after(previous: Option<Self>, noise: &Noise, now: Timestamp) -> Self {
        let lasts = previous.map_or(noise.first_wait, |previous| previous.lasts.saturating_mul(noise.factor));
        let lasts = lasts.min(noise.longest_wait);
        Self { lasts, ends_at: now.plus(lasts) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_longer_until_the_longest() {
        let now = Timestamp::parse_rfc3339("2026-11-25T20:00:00Z").unwrap();
        let mut quiet = None;
        let minutes: Vec<u64> = std::iter::repeat_with(|| {
            quiet = Some(Quiet::after(quiet, &Noise::default(), now));
            quiet.unwrap().lasts.as_secs() / 60
        })
        .take(11)
        .collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        assert_eq!(quiet.unwrap().ends_at, now.plus(Duration::from_secs(6 * 60 * 60)));
    }
}
