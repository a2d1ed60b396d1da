//! `countmein who`: lists the attendees of an event.

use serde::Deserialize;

use super::address::{self, ServerArgs};
use super::client::Client;
use super::error::CliError;
use super::output;
use crate::domain::event::Event;

const EXAMPLES: &str = "\
Examples:
  countmein who 'Pizza Night'
  countmein who 'Pizza Night' --json | jq -r '.attendees[].name'";

/// List the attendees of an event, and when they signed up
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
    count: u64,
    attendees: Vec<Attendee>,
}

#[derive(Deserialize)]
struct Attendee {
    name: String,
    since: String,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        let client = Client::new(&self.server.url);
        let response = client.get_all(&["events", self.event.title(), "attendees"], &[], "attendees")?;
        output::print(self.server.json, &response.value, || {
            let roster: Roster = response.read()?;
            let title = roster.title.as_deref().unwrap_or(self.event.title());
            let mut lines = vec![match roster.count {
                0 => format!("{title}: no attendees"),
                1 => format!("{title}: 1 attendee"),
                count => format!("{title}: {count} attendees"),
            }];
            // The time comes first, because the width of a name on a terminal is unknown.
            lines.extend(roster.attendees.iter().map(|attendee| format!("{:<24}  {}", attendee.since, attendee.name)));
            Ok(lines)
        })
    }
}
