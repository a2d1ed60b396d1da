//! `countmein who`: lists the attendees of an event.

use serde::Deserialize;

use super::address::{self, ServerArgs};
use super::client::Client;
use super::error::CliError;
use super::output;
use super::places::{Place, Places};
use crate::domain::event::Event;

const EXAMPLES: &str = "\
Examples:
  countmein who 'Pizza Night'
  countmein who 'Pizza Night' --json | jq -r '.attendees[].name'";

/// List the attendees of an event, when they signed up, and who waits for a place
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Title or id of the event
    #[arg(value_parser = address::parse_event)]
    event: Event,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Deserialize)]
struct Roster {
    /// `None` if the event has no sign-ups yet.
    title: Option<String>,
    /// `None` if you may not see it.
    count: Option<u64>,
    places: Option<Places>,
    attendees: Vec<Attendee>,
}

#[derive(Deserialize)]
struct Attendee {
    name: String,
    since: String,
    #[serde(flatten)]
    place: Place,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        let client = Client::new(&self.server.url);
        let response = client.get_all(&["events", self.event.title(), "attendees"], &[], "attendees")?;
        output::print(self.server.json, &response.value, || {
            let roster: Roster = response.read()?;
            let title = roster.title.as_deref().unwrap_or(self.event.title());
            let mut lines = vec![match (roster.places, roster.count) {
                (Some(places), _) => format!("{title}: {places}"),
                (None, Some(0)) => format!("{title}: no attendees"),
                (None, Some(1)) => format!("{title}: 1 attendee"),
                (None, Some(count)) => format!("{title}: {count} attendees"),
                (None, None) => format!("{title}:"),
            }];
            // The time comes first, because the width of a name on a terminal is unknown.
            let line = |Attendee { name, since, place }: &Attendee| format!("{since:<24}  {name}{}", place.mark());
            lines.extend(roster.attendees.iter().map(line));
            Ok(lines)
        })
    }
}
