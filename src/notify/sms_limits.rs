use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;

use crate::domain::timestamp::Timestamp;

/// Where and when text messages may go, and how many: whoever can make a public form send them to numbers of their
/// choice earns by it.
#[derive(Debug, Clone)]
pub struct SmsGuard {
    /// Calling codes with their `+`, as in `+49`, or longer beginnings of numbers; without any nothing is sent.
    pub calling_codes: Vec<String>,
    pub daytime: Daytime,
    /// On any day, in UTC.
    pub a_day: u64,
}

/// From one hour to another of the day, where people live; `8-21 Europe/Berlin`.
#[derive(Debug, Clone, PartialEq)]
pub struct Daytime {
    from: i8,
    to: i8,
    zone: TimeZone,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write two hours of the day and a time zone, like `8-21 Europe/Berlin`")]
pub struct NotADaytime;

impl SmsGuard {
    /// `+` and digits.
    pub fn is_calling_code(code: &str) -> bool {
        let digits = code.strip_prefix('+').unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    }

    pub fn allows(&self, number: &str) -> bool {
        self.calling_codes.iter().any(|code| number.starts_with(code.as_str()))
    }
}

impl Daytime {
    pub fn is_at(&self, now: Timestamp) -> bool {
        let moment = jiff::Timestamp::from_millisecond(now.as_millis()).expect("the range lies within jiff's");
        (self.from..self.to).contains(&moment.to_zoned(self.zone.clone()).hour())
    }
}

impl fmt::Display for Daytime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} {}", self.from, self.to, self.zone.iana_name().unwrap_or("UTC"))
    }
}

impl FromStr for Daytime {
    type Err = NotADaytime;

    fn from_str(text: &str) -> Result<Self, NotADaytime> {
        let (hours, zone) = text.trim().split_once(' ').ok_or(NotADaytime)?;
        let (from, to) = hours.split_once('-').ok_or(NotADaytime)?;
        let hour = |text: &str| text.parse().ok().filter(|hour| (0..=24).contains(hour)).ok_or(NotADaytime);
        let (from, to) = (hour(from)?, hour(to)?);
        let zone = TimeZone::get(zone.trim()).map_err(|_| NotADaytime)?;
        if from < to { Ok(Self { from, to, zone }) } else { Err(NotADaytime) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(codes: &[&str]) -> SmsGuard {
        let calling_codes = codes.iter().map(|code| (*code).to_owned()).collect();
        SmsGuard { calling_codes, daytime: "8-21 Europe/Berlin".parse().unwrap(), a_day: 1 }
    }

    #[test]
    fn numbers_of_the_listed_codes_alone_are_texted() {
        assert!(guard(&["+1", "+49"]).allows("+491701234567"));
        assert!(!guard(&["+1", "+49"]).allows("+447911123456"));
        assert!(!guard(&[]).allows("+491701234567"));
    }

    #[test]
    fn it_is_day_where_people_live_in_summer_and_in_winter() {
        let daytime: Daytime = "8-21 Europe/Berlin".parse().unwrap();
        assert_eq!(daytime.to_string(), "8-21 Europe/Berlin");
        for (time, is_day) in [
            ("2026-07-01T05:59:00Z", false),
            ("2026-07-01T06:00:00Z", true),
            ("2026-12-01T06:59:00Z", false),
            ("2026-12-01T07:00:00Z", true),
            ("2026-12-01T19:59:00Z", true),
            ("2026-12-01T20:00:00Z", false),
        ] {
            assert_eq!(daytime.is_at(Timestamp::parse_rfc3339(time).unwrap()), is_day, "{time}");
        }
    }

    #[test]
    fn what_is_no_daytime_is_refused() {
        for text in ["", "8-21", "8-21 Nowhere/Nothing", "21-8 UTC", "8-25 UTC", "8 UTC", "-1-5 UTC"] {
            assert_eq!(text.parse::<Daytime>(), Err(NotADaytime), "{text}");
        }
    }
}
