//! Dates and times on pages.

use maud::{Markup, html};

use crate::domain::schedule::{LocalTime, Schedule, Zone};
use crate::domain::timestamp::Timestamp;
use crate::http::locale::Locale;
use crate::texts::dates;

/// A moment as text: `Thursday, 3 December 2026 at 19:00, Berlin time`. It is in UTC without a zone.
pub fn moment(locale: Locale, at: Timestamp, zone: Option<&Zone>) -> String {
    let utc = Zone::utc();
    let zone = zone.unwrap_or(&utc);
    let local = zone.local(at);
    let (date, time) = (dates::date(locale.language(), local), dates::time(locale.language(), local));
    locale.format("moment", &[("date", date.into()), ("time", time.into()), ("zone", zone_text(locale, zone).into())])
}

/// A moment in UTC, for pages about no particular place.
pub fn utc_time(locale: Locale, at: Timestamp) -> Markup {
    html! { time datetime=(at) { (moment(locale, at, None)) } }
}

/// A zone as people call it: `Berlin time`, `UTC`.
fn zone_text(locale: Locale, zone: &Zone) -> String {
    let city = zone.name().rsplit('/').next().unwrap_or_default().replace('_', " ");
    if matches!(city.as_str(), "UTC" | "GMT") { city } else { locale.format("zone", &[("city", city.into())]) }
}

/// When an event takes place. The script `page.js` adds the reader's own time if it differs.
pub fn when(locale: Locale, schedule: &Schedule) -> Markup {
    let language = locale.language();
    let (start, zone) = (schedule.start(), zone_text(locale, schedule.zone()));
    let time = |local: LocalTime| dates::time(language, local);
    let text = match schedule.end() {
        None => locale.format("when", &[("time", time(start).into()), ("zone", zone.into())]),
        Some(end) if end.date() == start.date() => {
            let variables = [("start", time(start).into()), ("end", time(end).into()), ("zone", zone.into())];
            locale.format("when-until", &variables)
        }
        Some(end) => {
            let end =
                locale.format("date-time", &[("date", dates::date(language, end).into()), ("time", time(end).into())]);
            locale.format("when-until", &[("start", time(start).into()), ("end", end.into()), ("zone", zone.into())])
        }
    };
    html! {
        p.when {
            time datetime=(schedule.starts_at()) data-local=(start) data-yours=(locale.text("your-time")) {
                strong { (dates::date(language, start)) }
                " " span { (text) }
            }
        }
    }
}

/// A picture of the date, for a quick look. The same is beside it as text.
pub fn date_tile(locale: Locale, start: LocalTime) -> Markup {
    let language = locale.language();
    html! {
        div.tile aria-hidden="true" {
            span.month { (dates::short_month(language, start)) }
            span.day { (start.year_month_day().2) }
            span.weekday { (dates::short_weekday(language, start)) }
        }
    }
}
