//! The options that describe an event, for creating and editing it.

use serde_json::{Map, Value};

use super::choice::choice;
use super::error::CliError;
use crate::domain::capacity::{Capacity, MAX_CAPACITY};
use crate::domain::event_details::{Audience, MAX_GUESTS};
use crate::domain::schedule::Zone;

/// The details of an event. An empty text removes a value.
#[derive(Debug, clap::Args)]
pub struct EventFields {
    /// Start as the local time, such as 2026-12-03T19:00
    #[arg(long, value_name = "TIME")]
    starts: Option<String>,

    /// End as the local time
    #[arg(long, value_name = "TIME")]
    ends: Option<String>,

    /// Time zone of these times, such as Europe/Berlin [default: this machine's, when an event gets a start]
    #[arg(long, value_parser = parse_zone)]
    zone: Option<String>,

    /// Where the event takes place
    #[arg(long)]
    place: Option<String>,

    /// What people should know; line breaks are kept
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// A question for people who sign up
    #[arg(long)]
    question: Option<String>,

    /// Number of guests whom one sign-up may bring
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(0..=i64::from(MAX_GUESTS)))]
    guests: Option<u8>,

    /// Number of places for attendees and their guests; who finds no place is put on the waiting list
    #[arg(long, value_name = "NUMBER", value_parser = parse_capacity)]
    capacity: Option<PlaceLimit>,

    /// When sign-ups open: a local time, or with an offset (RFC 3339)
    #[arg(long, value_name = "TIME")]
    opens: Option<String>,

    /// When sign-ups close
    #[arg(long, value_name = "TIME")]
    closes: Option<String>,

    /// Who sees the names on the roster
    #[arg(long, value_name = "WHO", value_parser = choice::<Audience>())]
    roster: Option<Audience>,

    /// Who sees the number of attendees
    #[arg(long, value_name = "WHO", value_parser = choice::<Audience>())]
    count: Option<Audience>,
}

/// A limit on the number of places, or none.
#[derive(Debug, Clone, Copy)]
enum PlaceLimit {
    Places(Capacity),
    Unlimited,
}

fn parse_capacity(text: &str) -> Result<PlaceLimit, String> {
    if text.trim().is_empty() {
        return Ok(PlaceLimit::Unlimited);
    }
    let capacity = text.trim().parse().ok().and_then(|places: u32| Capacity::try_from(places).ok());
    capacity.map(PlaceLimit::Places).ok_or_else(|| format!("use a number from 1 to {MAX_CAPACITY}, or '' for no limit"))
}

fn parse_zone(name: &str) -> Result<String, String> {
    Zone::parse(name).map(|zone| zone.name().to_owned()).map_err(|problem| format!("it {problem}"))
}

impl EventFields {
    /// Returns the given options as fields of the API. `stored_zone` is the zone that the event has already.
    pub fn to_json(&self, stored_zone: Option<&str>) -> Result<Map<String, Value>, CliError> {
        let mut fields = Map::new();
        let texts = [
            ("starts_at", &self.starts),
            ("ends_at", &self.ends),
            ("zone", &self.zone),
            ("place", &self.place),
            ("description", &self.description),
            ("question", &self.question),
            ("signups_open_at", &self.opens),
            ("signups_close_at", &self.closes),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                fields.insert(name.to_owned(), text.as_str().into());
            }
        }
        for (name, audience) in [("roster_visible_to", self.roster), ("count_visible_to", self.count)] {
            if let Some(audience) = audience {
                fields.insert(name.to_owned(), audience.as_str().into());
            }
        }
        if let Some(guests) = self.guests {
            fields.insert("guests_per_signup".to_owned(), guests.into());
        }
        if let Some(limit) = self.capacity {
            let places = match limit {
                PlaceLimit::Places(capacity) => capacity.get().into(),
                PlaceLimit::Unlimited => Value::Null,
            };
            fields.insert("capacity".to_owned(), places);
        }
        let needs_zone = self.starts.as_ref().is_some_and(|start| !start.is_empty());
        if needs_zone && self.zone.is_none() && stored_zone.is_none() {
            fields.insert("zone".to_owned(), local_zone()?.into());
        }
        Ok(fields)
    }
}

/// The time zone of this machine.
fn local_zone() -> Result<String, CliError> {
    let zone = jiff::tz::TimeZone::system();
    zone.iana_name().map(str::to_owned).ok_or_else(|| {
        CliError::Usage("cannot find out this machine's time zone; pass --zone, such as Europe/Berlin".into())
    })
}
