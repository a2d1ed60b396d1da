//! The details of an event: what its host says about it, and whether people can sign up.

use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::domain::capacity::Capacity;
use crate::domain::event::{EventId, MAX_TITLE_CHARS};
use crate::domain::free_text::{Line, Paragraphs};
use crate::domain::host_link::LinkGenerations;
use crate::domain::invalid::FieldProblem;
use crate::domain::schedule::Schedule;
use crate::domain::timestamp::Timestamp;

/// The maximum number of guests that a host can allow with one sign-up.
pub const MAX_GUESTS: u8 = 50;

pub type Title = Line<MAX_TITLE_CHARS>;
pub type Description = Paragraphs<2_000>;
pub type Place = Line<200>;
pub type Question = Line<200>;

/// The details of one event. They are stored as one record with a version.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDetails {
    pub event: EventId,
    pub content: Content,
    pub created_at: Timestamp,
    pub cancelled_at: Option<Timestamp>,
    pub archived_at: Option<Timestamp>,
    pub links: LinkGenerations,
    /// Since when the number of places is limited. Who signed up until then keeps their place. `None` if it never was.
    pub limited_since: Option<Timestamp>,
    /// When an earlier event with this id was deleted. Older requests were about that event.
    pub earlier_deleted_at: Option<Timestamp>,
    /// The version that was read, or 0 if the details were never stored. A write fails if another version is stored by
    /// then.
    pub version: u64,
}

/// The part of the details that a host edits.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    pub title: Title,
    pub description: Option<Description>,
    pub schedule: Option<Schedule>,
    pub place: Option<Place>,
    /// The number of places. `None` if it is not limited.
    pub capacity: Option<Capacity>,
    /// The number of guests whom one sign-up may bring: 0 to [`MAX_GUESTS`].
    pub guests_per_signup: u8,
    pub signups: SignupPeriod,
    /// A question that people may answer when they sign up.
    pub question: Option<Question>,
    /// Who sees the names on the roster.
    pub roster: Audience,
    /// Who sees the number of attendees.
    pub count: Audience,
}

/// The time in which people can sign up. The end is after the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignupPeriod {
    pub opens_at: Option<Timestamp>,
    pub closes_at: Option<Timestamp>,
}

impl SignupPeriod {
    /// Ends the time at a moment. If it had not begun by then, it never begins.
    pub fn close(&mut self, now: Timestamp) {
        self.closes_at = Some(now);
        self.opens_at = self.opens_at.filter(|opens_at| *opens_at < now);
    }
}

/// The people who see something about an event. Hosts and the organiser see everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Audience {
    #[default]
    Everyone,
    Attendees,
    Hosts,
}

impl Audience {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Why a sign-up is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignupRefusal {
    #[error("this event was cancelled, so nobody can sign up any more")]
    Cancelled,
    #[error("this event is over, so nobody can sign up any more")]
    Over,
    #[error("the host has closed this event, so nobody can sign up any more")]
    Archived,
    #[error("sign-ups for this event open at {0}; please try again then")]
    NotOpenYet(Timestamp),
    #[error("sign-ups for this event closed at {0}; please ask the host")]
    Closed(Timestamp),
    #[error("this event does not exist; check its link, or ask whoever sent it")]
    NoSuchEvent,
    #[error("this event was deleted; ask its host")]
    Deleted,
    /// The event would begin with this sign-up, and its title is not allowed.
    #[error("there is no such event, and a new one cannot have this title: it {0}")]
    Title(FieldProblem),
    #[error("{}", too_many_guests(*.limit))]
    TooManyGuests { limit: u8 },
}

fn too_many_guests(limit: u8) -> String {
    match limit {
        0 => "this event allows no guests; please send the sign-up without".to_owned(),
        limit => format!("this event allows at most {limit} guests with each sign-up; please bring fewer"),
    }
}

/// Returns whether an event allows this number of guests with one sign-up. An event without details allows none.
pub fn check_guests(details: Option<&EventDetails>, guests: u8) -> Result<(), SignupRefusal> {
    let limit = details.map_or(0, |details| details.content.guests_per_signup);
    if guests <= limit { Ok(()) } else { Err(SignupRefusal::TooManyGuests { limit }) }
}

impl EventDetails {
    /// The details of a new event, which is not stored yet.
    pub fn new(event: EventId, content: Content, now: Timestamp) -> Self {
        Self {
            event,
            content,
            created_at: now,
            cancelled_at: None,
            archived_at: None,
            links: LinkGenerations::default(),
            limited_since: None,
            earlier_deleted_at: None,
            version: 0,
        }
        .limited(now)
    }

    /// Stores since when the number of places is limited, if it is limited from now on.
    #[must_use]
    pub fn limited(self, now: Timestamp) -> Self {
        let limited_since = self.limited_since.or(self.content.capacity.map(|_| now));
        Self { limited_since, ..self }
    }

    /// Whether the number of places is limited now.
    pub fn is_limited(&self) -> bool {
        self.content.capacity.is_some()
    }

    /// Returns why a sign-up that was requested at `requested_at` is refused, or `Ok` if it is not.
    pub fn check_open(&self, requested_at: Timestamp) -> Result<(), SignupRefusal> {
        let SignupPeriod { opens_at, closes_at } = self.content.signups;
        let is_past = |at: Option<Timestamp>| at.is_some_and(|at| at <= requested_at);
        if is_past(self.cancelled_at) {
            return Err(SignupRefusal::Cancelled);
        }
        if is_past(self.ends_at()) {
            return Err(SignupRefusal::Over);
        }
        if is_past(self.archived_at) {
            return Err(SignupRefusal::Archived);
        }
        if let Some(opens_at) = opens_at.filter(|opens_at| requested_at < *opens_at) {
            return Err(SignupRefusal::NotOpenYet(opens_at));
        }
        match closes_at.filter(|closes_at| *closes_at <= requested_at) {
            Some(closes_at) => Err(SignupRefusal::Closed(closes_at)),
            None => Ok(()),
        }
    }

    /// Returns when [`EventDetails::check_open`] answers differently next, because that time has come.
    pub fn changes_at(&self, now: Timestamp) -> Option<Timestamp> {
        let SignupPeriod { opens_at, closes_at } = self.content.signups;
        [opens_at, closes_at, self.ends_at()].into_iter().flatten().filter(|at| *at > now).min()
    }

    /// Whether the event takes place: it is neither cancelled nor over.
    pub fn takes_place(&self, now: Timestamp) -> bool {
        self.check_open(now).map_or_else(|refusal| refusal.takes_place(), |()| true)
    }

    pub fn starts_at(&self) -> Option<Timestamp> {
        self.content.schedule.as_ref().map(Schedule::starts_at)
    }

    pub fn ends_at(&self) -> Option<Timestamp> {
        self.content.schedule.as_ref()?.ends_at()
    }
}

impl SignupRefusal {
    /// Whether the event takes place although this sign-up is refused: it is neither cancelled, nor over, nor archived.
    pub fn takes_place(&self) -> bool {
        !matches!(self, Self::Cancelled | Self::Over | Self::Archived)
    }
}

impl Content {
    /// The content of an event of which only the title is known.
    pub fn titled(title: Title) -> Self {
        Self {
            title,
            description: None,
            schedule: None,
            place: None,
            capacity: None,
            guests_per_signup: 0,
            signups: SignupPeriod::default(),
            question: None,
            roster: Audience::default(),
            count: Audience::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::schedule::Zone;

    fn at(minute: u64) -> Timestamp {
        Timestamp::parse_rfc3339("2026-12-03T18:00:00Z").unwrap().plus(Duration::from_secs(minute * 60))
    }

    fn details() -> EventDetails {
        EventDetails::new(EventId::parse("dinner").unwrap(), Content::titled(Title::parse("Dinner").unwrap()), at(0))
    }

    #[test]
    fn event_without_times_is_open() {
        assert_eq!(details().check_open(at(0)), Ok(()));
    }

    #[test]
    fn opens_and_closes_at_its_times() {
        let mut details = details();
        details.content.signups = SignupPeriod { opens_at: Some(at(1)), closes_at: Some(at(3)) };
        assert_eq!(details.check_open(at(0)), Err(SignupRefusal::NotOpenYet(at(1))));
        assert_eq!(details.check_open(at(1)), Ok(()));
        assert_eq!(details.check_open(at(2)), Ok(()));
        assert_eq!(details.check_open(at(3)), Err(SignupRefusal::Closed(at(3))));
    }

    #[test]
    fn changes_by_itself_when_it_opens_closes_and_ends() {
        let mut details = details();
        assert_eq!(details.changes_at(at(0)), None);
        details.content.signups = SignupPeriod { opens_at: Some(at(1)), closes_at: Some(at(3)) };
        let zone = Zone::parse("UTC").unwrap();
        let (start, end) = (zone.local(at(4)), zone.local(at(5)));
        details.content.schedule = Some(Schedule::new(zone, start, Some(end)).unwrap());
        let changes = [0, 1, 2, 3, 4, 5].map(|minute| details.changes_at(at(minute)));
        assert_eq!(changes, [Some(at(1)), Some(at(3)), Some(at(3)), Some(at(5)), Some(at(5)), None]);
    }

    #[test]
    fn limits_guests() {
        let mut details = details();
        details.content.guests_per_signup = 2;
        assert_eq!(check_guests(Some(&details), 2), Ok(()));
        assert_eq!(check_guests(Some(&details), 3), Err(SignupRefusal::TooManyGuests { limit: 2 }));
        assert_eq!(check_guests(None, 0), Ok(()));
        assert_eq!(check_guests(None, 1), Err(SignupRefusal::TooManyGuests { limit: 0 }));
        let too_many = |limit| SignupRefusal::TooManyGuests { limit }.to_string();
        assert_eq!(too_many(0), "this event allows no guests; please send the sign-up without");
        assert_eq!(too_many(2), "this event allows at most 2 guests with each sign-up; please bring fewer");
    }

    #[test]
    fn is_over_at_its_end() {
        let mut details = details();
        let zone = Zone::parse("UTC").unwrap();
        let (start, end) = (zone.local(at(1)), zone.local(at(2)));
        details.content.schedule = Some(Schedule::new(zone, start, Some(end)).unwrap());
        assert_eq!(details.check_open(at(1)), Ok(()));
        assert_eq!(details.check_open(at(2)), Err(SignupRefusal::Over));
    }

    #[test]
    fn cancelled_or_archived_event_is_closed() {
        let cancelled = EventDetails { cancelled_at: Some(at(1)), ..details() };
        let archived = EventDetails { archived_at: Some(at(1)), ..details() };
        assert_eq!(cancelled.check_open(at(1)), Err(SignupRefusal::Cancelled));
        assert_eq!(archived.check_open(at(1)), Err(SignupRefusal::Archived));
        // A sign-up may be processed, or delivered again, after the event was closed.
        assert_eq!(cancelled.check_open(at(0)), Ok(()));
        assert_eq!(archived.check_open(at(0)), Ok(()));
    }
}
