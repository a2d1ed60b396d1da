//! Dates and times as a language writes them, by the Unicode CLDR.

use std::sync::LazyLock;

use icu_calendar::{Date, Gregorian};
use icu_datetime::fieldsets::{E, M, T, YMDE};
use icu_datetime::input::Time;
use icu_datetime::{FixedCalendarDateTimeFormatter, NoCalendarFormatter};
use icu_locale_core::{Locale, locale};

use crate::domain::language::Language;
use crate::domain::schedule::LocalTime;

static ENGLISH: LazyLock<Formatters> = LazyLock::new(|| Formatters::new(locale!("en-GB")));
static GERMAN: LazyLock<Formatters> = LazyLock::new(|| Formatters::new(locale!("de")));

struct Formatters {
    date: FixedCalendarDateTimeFormatter<Gregorian, YMDE>,
    month: FixedCalendarDateTimeFormatter<Gregorian, M>,
    weekday: FixedCalendarDateTimeFormatter<Gregorian, E>,
    time: NoCalendarFormatter<T>,
}

impl Formatters {
    fn new(locale: Locale) -> Self {
        const INCLUDED: &str = "the data of every language is compiled in";
        Self {
            date: FixedCalendarDateTimeFormatter::try_new((&locale).into(), YMDE::long()).expect(INCLUDED),
            month: FixedCalendarDateTimeFormatter::try_new((&locale).into(), M::medium()).expect(INCLUDED),
            weekday: FixedCalendarDateTimeFormatter::try_new((&locale).into(), E::short()).expect(INCLUDED),
            time: NoCalendarFormatter::try_new((&locale).into(), T::hm()).expect(INCLUDED),
        }
    }

    fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }
}

fn gregorian(local: LocalTime) -> Date<Gregorian> {
    let (year, month, day) = local.year_month_day();
    Date::try_new_gregorian(year, month, day).expect("a local time has a valid date")
}

/// The date with its weekday: `Thursday, 3 December 2026`, `Donnerstag, 3. Dezember 2026`.
pub fn date(language: Language, local: LocalTime) -> String {
    Formatters::of(language).date.format(&gregorian(local)).to_string()
}

/// The abbreviated month: `Dec`, `Dez.`.
pub fn short_month(language: Language, local: LocalTime) -> String {
    Formatters::of(language).month.format(&gregorian(local)).to_string()
}

/// The abbreviated weekday: `Thu`, `Do`.
pub fn short_weekday(language: Language, local: LocalTime) -> String {
    Formatters::of(language).weekday.format(&gregorian(local)).to_string()
}

/// The time of day: `19:00`.
pub fn time(language: Language, local: LocalTime) -> String {
    let (hour, minute) = local.hour_minute();
    let time = Time::try_new(hour, minute, 0, 0).expect("a local time has a valid time of day");
    Formatters::of(language).time.format(&time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schedule::Zone;

    #[test]
    fn dates_are_written_as_the_language_writes_them() {
        let local = Zone::parse("Europe/Berlin").unwrap().parse_local("2026-12-03T19:00").unwrap();
        let shown = |language| {
            [date(language, local), short_month(language, local), short_weekday(language, local), time(language, local)]
        };
        assert_eq!(shown(Language::English), ["Thursday, 3 December 2026", "Dec", "Thu", "19:00"]);
        assert_eq!(shown(Language::German), ["Donnerstag, 3. Dezember 2026", "Dez", "Do", "19:00"]);
    }
}
