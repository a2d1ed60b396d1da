//! Points in time, with millisecond precision.

use std::fmt;
use std::time::Duration;

use crate::domain::invalid::FieldProblem;

/// A point in time in milliseconds since 1970 (UTC), from [`Timestamp::EARLIEST`] to [`Timestamp::LATEST`].
///
/// `Display` and `Serialize` write it in RFC 3339 form, in UTC and with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 2000-01-01. An earlier time is most likely a number of seconds instead of milliseconds.
    pub const EARLIEST: Self = Self(946_684_800_000);
    /// The last millisecond of the year 9998. The ranges of RFC 3339 and jiff end in the year 9999.
    pub const LATEST: Self = Self(253_370_764_799_999);

    pub fn from_millis(millis: i64) -> Result<Self, FieldProblem> {
        if (Self::EARLIEST.0..=Self::LATEST.0).contains(&millis) { Ok(Self(millis)) } else { Err(out_of_range()) }
    }

    pub fn parse_rfc3339(text: &str) -> Result<Self, FieldProblem> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| FieldProblem::NotATime)?;
        Self::from_millis(moment.as_millisecond())
    }

    /// Returns the time of the system clock, limited to the valid range.
    pub fn now() -> Self {
        let millis = jiff::Timestamp::now().as_millisecond();
        Self(millis.clamp(Self::EARLIEST.0, Self::LATEST.0))
    }

    pub fn as_millis(self) -> i64 {
        self.0
    }

    pub fn as_seconds(self) -> i64 {
        self.0 / 1_000
    }

    /// Rounds up to a whole second, or down if the result would be later than [`Timestamp::LATEST`].
    #[must_use]
    pub fn to_whole_second(self) -> Self {
        let seconds = self.0.div_euclid(1_000) + i64::from(self.0 % 1_000 != 0);
        Self((seconds * 1_000).min(Self::LATEST.0 / 1_000 * 1_000))
    }

    /// Returns the date in UTC, such as `2026-01-31`.
    pub fn date(self) -> String {
        self.to_string()[..10].to_owned()
    }

    /// Returns this time plus `duration`, but at most [`Timestamp::LATEST`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis).min(Self::LATEST.0))
    }

    /// Returns this time minus `duration`, but at least [`Timestamp::EARLIEST`].
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis).max(Self::EARLIEST.0))
    }

    /// Returns the duration from `earlier` to this time, or zero if `earlier` is later than this time.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

fn out_of_range() -> FieldProblem {
    FieldProblem::TimeOutOfRange { earliest: Timestamp::EARLIEST.to_string(), latest: Timestamp::LATEST.to_string() }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_millisecond(self.0).expect("the valid range is within the range of jiff");
        write!(f, "{moment:.3}")
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Serializes a [`Timestamp`], or an `Option<Timestamp>` that is skipped if `None`, in milliseconds since 1970.
pub mod millis {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    use super::Timestamp;

    pub fn serialize<S: Serializer>(
        at: &(impl Copy + Into<Option<Timestamp>>),
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (*at).into().map(Timestamp::as_millis).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: From<Timestamp>>(deserializer: D) -> Result<T, D::Error> {
        let millis = i64::deserialize(deserializer)?;
        Timestamp::from_millis(millis).map(T::from).map_err(D::Error::custom)
    }
}

/// Serializes a [`Timestamp`] or `Option<Timestamp>` in seconds since 1970, which DynamoDB's time to live requires.
pub mod seconds {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    use super::Timestamp;

    pub fn serialize<S: Serializer>(
        at: &(impl Copy + Into<Option<Timestamp>>),
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (*at).into().map(Timestamp::as_seconds).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: From<Timestamp>>(deserializer: D) -> Result<T, D::Error> {
        let seconds = i64::deserialize(deserializer)?;
        Timestamp::from_millis(seconds.saturating_mul(1_000)).map(T::from).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rfc3339_equals_milliseconds() {
        let parsed = Timestamp::parse_rfc3339("2026-11-23T12:00:00.5+01:00").unwrap();
        assert_eq!(parsed, Timestamp::from_millis(1_795_431_600_500).unwrap());
        assert_eq!(parsed.to_string(), "2026-11-23T11:00:00.500Z");
        assert_eq!(parsed.date(), "2026-11-23");
    }

    #[test]
    fn rejects_seconds_and_invalid_text() {
        assert_eq!(Timestamp::from_millis(1_795_431_600), Err(out_of_range()));
        assert_eq!(Timestamp::from_millis(i64::MAX), Err(out_of_range()));
        assert_eq!(Timestamp::parse_rfc3339("tomorrow"), Err(FieldProblem::NotATime));
    }

    #[test]
    fn range_limits_have_rfc3339_form() {
        assert_eq!(Timestamp::EARLIEST.to_string(), "2000-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::LATEST.to_string(), "9998-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::LATEST.plus(Duration::MAX), Timestamp::LATEST);
    }

    proptest! {
        #![proptest_config(crate::seed::config(256))]

        #[test]
        fn displayed_time_parses_back(millis in Timestamp::EARLIEST.0..=Timestamp::LATEST.0) {
            let moment = Timestamp(millis);
            prop_assert_eq!(Timestamp::parse_rfc3339(&moment.to_string()), Ok(moment));
        }
    }
}
