//! When an event is over.

use std::time::Duration;

use crate::domain::event_details::EventDetails;
use crate::domain::timestamp::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An event without an end is over this long after its last change.
const MAX_IDLE_TIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Returns when an event is over: when it was archived, or else at its end.
///
/// An event without an end is over 90 days after its start or its last change, whichever is later. This time is rounded up
/// to a whole day (UTC), so that it moves at most once a day, however many people sign up.
pub fn over_at(details: Option<&EventDetails>, last_change: Timestamp) -> Timestamp {
    let archived_at = details.and_then(|details| details.archived_at);
    let ends_at = details.and_then(EventDetails::ends_at);
    if let Some(fixed) = [archived_at, ends_at].into_iter().flatten().min() {
        return fixed;
    }
    let starts_at = details.and_then(EventDetails::starts_at);
    let active_until = starts_at.map_or(last_change, |starts_at| starts_at.max(last_change));
    let day = i64::try_from(DAY.as_millis()).expect("a day fits 64 bits");
    let whole_days = (active_until.plus(MAX_IDLE_TIME).as_millis() + day - 1).div_euclid(day);
    Timestamp::from_millis(whole_days * day).unwrap_or(Timestamp::LATEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventId;
    use crate::domain::event_details::{Content, Title};
    use crate::domain::schedule::{Schedule, Zone};

    fn time(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn event(start: &str, end: Option<&str>) -> EventDetails {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let local = |text| zone.parse_local(text).unwrap();
        let mut content = Content::titled(Title::parse("Dinner").unwrap());
        content.schedule = Some(Schedule::new(zone.clone(), local(start), end.map(local)).unwrap());
        EventDetails::new(EventId::parse("dinner").unwrap(), content, time("2026-11-01T12:00:00Z"))
    }

    #[test]
    fn event_is_over_at_its_end_or_when_it_was_archived() {
        let now = time("2026-11-26T16:30:00Z");
        let dinner = event("2026-12-03T19:00", Some("2026-12-03T23:00"));
        let end = time("2026-12-03T22:00:00Z");
        assert_eq!(over_at(Some(&dinner), now), end);
        let archived = |at| over_at(Some(&EventDetails { archived_at: Some(time(at)), ..dinner.clone() }), now);
        assert_eq!(archived("2026-11-20T12:00:00Z"), time("2026-11-20T12:00:00Z"));
        assert_eq!(archived("2026-12-20T12:00:00Z"), end);
    }

    #[test]
    fn event_without_an_end_is_over_90_days_after_its_last_change() {
        let at = |last_change| over_at(None, time(last_change)).to_string();
        assert_eq!(at("2026-11-26T16:30:00Z"), "2027-02-25T00:00:00.000Z");
        assert_eq!(at("2026-11-26T23:59:59Z"), "2027-02-25T00:00:00.000Z", "it moves once a day");
        assert_eq!(at("2026-11-27T00:00:00Z"), "2027-02-25T00:00:00.000Z");
        assert_eq!(at("2026-11-27T00:00:01Z"), "2027-02-26T00:00:00.000Z");
        assert_eq!(over_at(None, Timestamp::LATEST), Timestamp::LATEST);
        // A change long before the start does not end the event before it began.
        let party = event("2027-06-03T19:00", None);
        assert_eq!(over_at(Some(&party), time("2026-11-26T16:30:00Z")), time("2027-09-02T00:00:00Z"));
    }
}
