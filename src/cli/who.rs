use serde::Deserialize;

use super::address::{self, ServerArgs};
use super::client::Client;
use super::failure::Failure;
use super::output;
use crate::domain::event::Event;

const EXAMPLES: &str = "\
Examples:
  countmein who 'Pizza Night'
  countmein who 'Pizza Night' --json | jq -r '.attendees[].name'";

/// Show who is coming, and since when
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The event to look at
    #[arg(value_parser = address::event)]
    event: Event,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Deserialize)]
struct Roster {
    /// Unknown as long as nobody signed up.
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
    pub fn run(self) -> Result<(), Failure> {
        let client = Client::new(&self.server.url);
        let answer = client.get_all(&["events", self.event.title(), "attendees"], "attendees")?;
        output::print(self.server.json, &answer.value, || {
            let roster: Roster = answer.read()?;
            let title = roster.title.as_deref().unwrap_or(self.event.title());
            let mut lines = vec![match roster.count {
                0 => format!("{title}: nobody is in"),
                1 => format!("{title}: 1 is in"),
                count => format!("{title}: {count} are in"),
            }];
            // The time comes first because a name's width on a terminal is anybody's guess.
            lines.extend(roster.attendees.iter().map(|attendee| format!("{:<24}  {}", attendee.since, attendee.name)));
            Ok(lines)
        })
    }
}
