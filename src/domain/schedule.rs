//! When an event takes place: local times and their time zone.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::domain::invalid::FieldProblem;
use crate::domain::timestamp::Timestamp;

/// A time zone of the IANA database, such as `Europe/Berlin`.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

/// A local time that exists in its zone, with a precision of one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(DateTime);

/// The start and the end of an event. The end is after the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    zone: Zone,
    start: LocalTime,
    end: Option<LocalTime>,
}

impl Zone {
    pub fn parse(name: &str) -> Result<Self, FieldProblem> {
        let zone = TimeZone::get(name.trim()).map_err(|_| FieldProblem::NotAZone)?;
        if zone.iana_name().is_some() { Ok(Self(zone)) } else { Err(FieldProblem::NotAZone) }
    }

    /// Coordinated Universal Time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The name in the IANA database.
    pub fn name(&self) -> &str {
        self.0.iana_name().expect("a zone without a name is not parsed")
    }

    /// Parses a local time such as `2026-12-03T19:00`. Seconds are dropped. A time that the clocks skip is moved forward
    /// by the skipped time (RFC 5545, section 3.3.5).
    pub fn parse_local(&self, text: &str) -> Result<LocalTime, FieldProblem> {
        let typed = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
            .iter()
            .find_map(|form| DateTime::strptime(form, text.trim()).ok())
            .ok_or(FieldProblem::NotALocalTime)?;
        let minutes = typed.with().second(0).build().expect("every time has a first second");
        let zoned = self.0.to_ambiguous_zoned(minutes).compatible().map_err(|_| FieldProblem::NotALocalTime)?;
        Timestamp::from_millis(zoned.timestamp().as_millisecond())?;
        Ok(LocalTime(zoned.datetime()))
    }

    /// The moment at which a clock in this zone shows the local time. If it shows it twice, the first of the two.
    pub fn instant(&self, local: LocalTime) -> Timestamp {
        let zoned = self.0.to_ambiguous_zoned(local.0).compatible();
        let millis = zoned.map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond());
        Timestamp::from_millis(millis).unwrap_or(Timestamp::LATEST)
    }

    /// What a clock in this zone shows.
    pub fn local(&self, at: Timestamp) -> LocalTime {
        let at =
            jiff::Timestamp::from_millisecond(at.as_millis()).expect("the valid range is within the range of jiff");
        LocalTime(self.0.to_datetime(at))
    }
}

impl LocalTime {
    /// The year, the month from 1 and the day from 1.
    pub fn year_month_day(self) -> (i32, u8, u8) {
        let number = |number: i8| u8::try_from(number).expect("months and days are positive");
        (self.0.year().into(), number(self.0.month()), number(self.0.day()))
    }

    /// The hour from 0 to 23 and the minute from 0 to 59.
    pub fn hour_minute(self) -> (u8, u8) {
        let number = |number: i8| u8::try_from(number).expect("hours and minutes are not negative");
        (number(self.0.hour()), number(self.0.minute()))
    }

    /// The date, such as `2026-12-03`.
    pub fn date(self) -> String {
        self.0.date().to_string()
    }
}

/// As in RFC 9557 without offset and zone: `2026-12-03T19:00`.
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}:{:02}", self.0.date(), self.0.hour(), self.0.minute())
    }
}

impl Schedule {
    /// # Errors
    /// Returns [`FieldProblem::EndsBeforeStart`] unless the end is after the start.
    pub fn new(zone: Zone, start: LocalTime, end: Option<LocalTime>) -> Result<Self, FieldProblem> {
        if end.is_some_and(|end| zone.instant(end) <= zone.instant(start)) {
            return Err(FieldProblem::EndsBeforeStart);
        }
        Ok(Self { zone, start, end })
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    pub fn start(&self) -> LocalTime {
        self.start
    }

    pub fn end(&self) -> Option<LocalTime> {
        self.end
    }

    pub fn starts_at(&self) -> Timestamp {
        self.zone.instant(self.start)
    }

    pub fn ends_at(&self) -> Option<Timestamp> {
        self.end.map(|end| self.zone.instant(end))
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use jiff::tz::{AmbiguousOffset, Offset};
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn shown(zone: &Zone, text: &str) -> (String, String) {
        let local = zone.parse_local(text).unwrap();
        (local.to_string(), zone.instant(local).to_string())
    }

    fn times(local: &str, instant: &str) -> (String, String) {
        (local.to_owned(), instant.to_owned())
    }

    #[test]
    fn local_time_is_an_instant_in_its_zone() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(shown(&berlin, "2026-12-03T19:00"), times("2026-12-03T19:00", "2026-12-03T18:00:00.000Z"));
        assert_eq!(shown(&berlin, "2026-07-03T19:00:59"), times("2026-07-03T19:00", "2026-07-03T17:00:00.000Z"));
    }

    #[test]
    fn skipped_time_moves_forward_and_repeated_time_is_the_first() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(shown(&berlin, "2026-03-29T02:30"), times("2026-03-29T03:30", "2026-03-29T01:30:00.000Z"));
        assert_eq!(shown(&berlin, "2026-10-25T02:30"), times("2026-10-25T02:30", "2026-10-25T00:30:00.000Z"));
        assert_eq!(shown(&zone("Australia/Lord_Howe"), "2026-10-04T02:10").0, "2026-10-04T02:40");
    }

    #[test]
    fn rejects_unknown_zone_and_other_times() {
        for name in ["", "Berlin", "Europe/Atlantis", "+01:00"] {
            assert_eq!(Zone::parse(name), Err(FieldProblem::NotAZone), "{name:?}");
        }
        for text in [
            "",
            "19:00",
            "2026-12-03",
            "2026-12-03T19:00Z",
            "2026-12-03T19:00+01:00",
            "2026-12-03T19:00-05:00",
            "2026-12-03T19:00[Europe/Berlin]",
            "3.12.2026 19:00",
        ] {
            assert_eq!(zone("Europe/Berlin").parse_local(text), Err(FieldProblem::NotALocalTime), "{text:?}");
        }
        assert!(matches!(zone("UTC").parse_local("1999-12-31T23:59"), Err(FieldProblem::TimeOutOfRange { .. })));
    }

    #[test]
    fn end_is_after_start() {
        let berlin = zone("Europe/Berlin");
        let at = |text| berlin.parse_local(text).unwrap();
        let schedule = |start, end| Schedule::new(berlin.clone(), at(start), Some(at(end)));
        assert!(schedule("2026-12-03T19:00", "2026-12-03T23:00").is_ok());
        assert_eq!(schedule("2026-12-03T19:00", "2026-12-03T19:00"), Err(FieldProblem::EndsBeforeStart));
    }

    /// A zone and a local time, most of them within a day of a change of the zone's clocks.
    fn zones_and_times() -> impl Strategy<Value = (Zone, DateTime)> {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let since_2001: jiff::Timestamp = "2001-01-01T00:00:00Z".parse().unwrap();
        (prop::sample::select(names), 0..120_usize, -1_500..1_500_i64).prop_filter_map(
            "the zone has a name",
            move |(name, nth_change, minutes)| {
                let zone = Zone::parse(&name).ok()?;
                let change =
                    zone.0.following(since_2001).nth(nth_change).map_or(since_2001, |change| change.timestamp());
                Some((zone, Offset::UTC.to_datetime(change.checked_add(minutes.minutes()).ok()?)))
            },
        )
    }

    proptest! {
        #![proptest_config(crate::seed::config(1_000))]

        #[test]
        fn stored_time_shows_the_same_time_again((zone, typed) in zones_and_times()) {
            let text = format!("{}T{:02}:{:02}", typed.date(), typed.hour(), typed.minute());
            let local = zone.parse_local(&text).unwrap();
            let instant = zone.instant(local);
            // Stored as text, read again, and shown.
            let read = Zone::parse(zone.name()).unwrap().parse_local(&local.to_string()).unwrap();
            prop_assert_eq!((read, zone.instant(read)), (local, instant));
            prop_assert_eq!(zone.local(instant), local);
            // The instant is right by the zone's own offset at that moment.
            let offset = zone.0.to_offset(jiff::Timestamp::from_millisecond(instant.as_millis()).unwrap());
            prop_assert_eq!(offset.to_timestamp(local.0).unwrap().as_millisecond(), instant.as_millis());
            // Only a time that the clocks skip is moved, and only forward.
            let is_skipped = matches!(zone.0.to_ambiguous_timestamp(typed).offset(), AmbiguousOffset::Gap { .. });
            prop_assert_eq!(local.to_string() != text, is_skipped);
            prop_assert!(local.0 >= typed);
        }
    }
}
