//! `countmein remove`: deletes all data about a person.

use serde::Deserialize;
use serde_json::json;

use super::address::{self, ServerArgs};
use super::client::Client;
use super::error::CliError;
use super::organiser_key::KeyArgs;
use super::{confirmation, output};
use crate::domain::attendee_name::AttendeeName;
use crate::domain::event::Event;

const EXAMPLES: &str = "\
Examples:
  countmein remove Ana                          for all events
  countmein remove Ana --event 'Pizza Night'
  countmein remove Ana --yes --json             in a script

Use it for a person who wants their data deleted. It cannot be undone. For a person who cannot come, use \
`countmein cancel`.";

/// Delete all data about a person (needs the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name of the person
    #[arg(value_parser = address::parse_name)]
    name: AttendeeName,

    /// Delete only the person's data for this event
    #[arg(long, value_parser = address::parse_event)]
    event: Option<Event>,

    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,

    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Deserialize)]
struct Removal {
    removed: u64,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        let client = Client::new(&self.server.url).with_key(&self.key.key_for(&self.server.url)?)?;
        if !self.yes {
            let scope = self.event.as_ref().map_or("all events", Event::title);
            confirmation::confirm(&format!("Delete all data about {} for {scope}?", self.name.as_str()))?;
        }
        let mut body = json!({"name": self.name.as_str()});
        if let Some(event) = &self.event {
            body["event"] = event.title().into();
        }
        let response = client.post(&["organiser", "remove"], &body)?;
        let name = self.name.as_str();
        let removed = response.read::<Removal>()?.removed;
        if removed == 0 {
            return Err(CliError::NothingFound { whom: name.to_owned() });
        }
        output::print(self.server.json, &response.value, || {
            Ok(vec![match removed {
                1 => format!("1 entry about {name} was removed."),
                removed => format!("{removed} entries about {name} were removed."),
            }])
        })
    }
}
