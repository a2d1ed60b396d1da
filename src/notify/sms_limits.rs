//! Limits the destinations, the hours and the number of text messages.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;

use super::budget::{Budget, Charges, NotCharged, Usage};
use crate::domain::countries::Countries;
use crate::domain::limit::Limit;
use crate::domain::phone_line::PhoneLine;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Budgets, Unavailable};

/// The operator's limits on text messages. They protect against SMS pumping: without limits, fraudsters could use the
/// public form to send messages to premium-rate numbers of their own.
#[derive(Debug, Clone)]
pub struct SmsLimits {
    /// The countries whose mobile phones get text messages. An empty list allows no number.
    pub countries: Countries,
    pub hours: SmsHours,
    /// Maximum number of text messages per day (UTC).
    pub per_day: u64,
}

/// What a text message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SmsPurpose {
    Digest,
    /// An opt-in request, a resent manage link, or news about a seat. Anyone can cause these, so they may use only half of a day's text
    /// messages.
    DirectMessage,
}

/// The number of text messages sent on one day (UTC), and the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmsUsage {
    pub all: Usage,
    /// The opt-in requests, resent manage links and news about seats among them.
    pub answers: Usage,
}

/// Hours in which text messages may be sent, in the recipients' time zone: `8-21 Europe/Berlin`.
#[derive(Debug, Clone, PartialEq)]
pub struct SmsHours {
    /// The first hour of the day in which text messages may be sent, from 0 to 23.
    from: i8,
    /// The hour of the day at which sending ends, from 1 to 24.
    to: i8,
    zone: TimeZone,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write two hours of the day and a time zone, like `8-21 Europe/Berlin`")]
pub struct InvalidSmsHours;

impl SmsLimits {
    /// Returns the limit that forbids text messages to this number, if any.
    ///
    /// Calling codes cannot decide this: `+1` is shared by US and the Caribbean, where text messages cost
    /// more, and `+44` by the United Kingdom and Jersey.
    pub(super) fn limit_on(&self, number: &str) -> Option<Limit> {
        match PhoneLine::of(number) {
            PhoneLine::Mobile(country) if self.countries.contains(country) => None,
            PhoneLine::Other(country) if self.countries.contains(country) => Some(Limit::SmsLineType),
            _ => Some(Limit::SmsCountries),
        }
    }

    fn budget(&self, now: Timestamp) -> Budget {
        Budget::daily("sms", self.per_day, now)
    }

    fn direct_messages_budget(&self, now: Timestamp) -> Budget {
        // The name is stored, so it cannot change.
        Budget::daily("sms answers", self.per_day.div_ceil(2), now)
    }

    /// Counts a text message if it may be sent now.
    pub(super) async fn charge(
        &self,
        purpose: SmsPurpose,
        charges: &mut Charges<'_>,
        now: Timestamp,
    ) -> Result<(), NotCharged> {
        if !self.hours.include(now) {
            return Err(NotCharged::LimitReached(Limit::SmsHours));
        }
        if purpose == SmsPurpose::DirectMessage {
            charges.charge(self.direct_messages_budget(now), Limit::SmsAnswersPerDay).await?;
        }
        charges.charge(self.budget(now), Limit::SmsPerDay).await
    }

    /// Returns the number of text messages on this day (UTC), and the limits.
    pub async fn usage(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<SmsUsage, Unavailable> {
        Ok(SmsUsage {
            all: self.budget(now).usage(budgets).await?,
            answers: self.direct_messages_budget(now).usage(budgets).await?,
        })
    }
}

impl SmsHours {
    /// Whether text messages may be sent at this time.
    pub fn include(&self, now: Timestamp) -> bool {
        let utc = jiff::Timestamp::from_millisecond(now.as_millis())
            .expect("every `Timestamp` is in the range of `jiff::Timestamp`");
        (self.from..self.to).contains(&utc.to_zoned(self.zone.clone()).hour())
    }
}

impl fmt::Display for SmsHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} {}", self.from, self.to, self.zone.iana_name().unwrap_or("UTC"))
    }
}

impl FromStr for SmsHours {
    type Err = InvalidSmsHours;

    fn from_str(text: &str) -> Result<Self, InvalidSmsHours> {
        let (hours, zone) = text.trim().split_once(' ').ok_or(InvalidSmsHours)?;
        let (from, to) = hours.split_once('-').ok_or(InvalidSmsHours)?;
        let hour = |text: &str| text.parse().ok().filter(|hour| (0..=24).contains(hour)).ok_or(InvalidSmsHours);
        let (from, to) = (hour(from)?, hour(to)?);
        let zone = TimeZone::get(zone.trim()).map_err(|_| InvalidSmsHours)?;
        if from < to { Ok(Self { from, to, zone }) } else { Err(InvalidSmsHours) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_mobile_phones_of_listed_countries_only() {
        for (countries, number, limit) in [
            ("DE,US", "+491701234567", None),
            ("DE,US", "+14155552671", None),
            ("DE,US", "+447400123456", Some(Limit::SmsCountries)),
            ("US", "+12423591234", Some(Limit::SmsCountries)),
            ("US", "+18762101234", Some(Limit::SmsCountries)),
            ("US", "+16137827274", Some(Limit::SmsCountries)),
            ("GB", "+447797712345", Some(Limit::SmsCountries)),
            ("GB,JE", "+447797712345", None),
            ("US", "+19002345678", Some(Limit::SmsLineType)),
            ("DE", "+499001234567", Some(Limit::SmsLineType)),
            ("GB", "+447012345678", Some(Limit::SmsLineType)),
            ("US", "+979123456789", Some(Limit::SmsCountries)),
            ("", "+491701234567", Some(Limit::SmsCountries)),
        ] {
            let countries = countries.parse().unwrap();
            let limits = SmsLimits { countries, hours: "8-21 Europe/Berlin".parse().unwrap(), per_day: 1 };
            assert_eq!(limits.limit_on(number), limit, "{number} with {}", limits.countries);
        }
    }

    #[test]
    fn hours_follow_daylight_saving_time() {
        let hours: SmsHours = "8-21 Europe/Berlin".parse().unwrap();
        assert_eq!(hours.to_string(), "8-21 Europe/Berlin");
        for (time, is_included) in [
            ("2026-07-01T05:59:00Z", false),
            ("2026-07-01T06:00:00Z", true),
            ("2026-12-01T06:59:00Z", false),
            ("2026-12-01T07:00:00Z", true),
            ("2026-12-01T19:59:00Z", true),
            ("2026-12-01T20:00:00Z", false),
        ] {
            assert_eq!(hours.include(Timestamp::parse_rfc3339(time).unwrap()), is_included, "{time}");
        }
    }

    #[test]
    fn rejects_malformed_hours() {
        for text in ["", "8-21", "8-21 Nowhere/Nothing", "21-8 UTC", "8-25 UTC", "8 UTC", "-1-5 UTC"] {
            assert_eq!(text.parse::<SmsHours>(), Err(InvalidSmsHours), "{text}");
        }
    }
}
