//! `countmein event promote`, `remove-attendee` and `rebuild`: who has a place on an event.

use serde::Deserialize;
use serde_json::json;

use super::error::CliError;
use super::event_target::Target;
use super::output;

#[derive(Debug, clap::Args)]
pub struct Promote {
    /// Name of the attendee who waits
    #[arg(long)]
    name: String,

    /// Raise the number of places if there is none for the attendee and their guests
    #[arg(long)]
    raise_capacity: bool,

    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, clap::Args)]
pub struct RemoveAttendee {
    /// Name of the attendee
    #[arg(long)]
    name: String,

    #[command(flatten)]
    pub target: Target,
}

#[derive(Deserialize)]
struct Promoted {
    name: String,
    party: u64,
    capacity: Option<u64>,
}

#[derive(Deserialize)]
struct Removed {
    name: String,
}

impl Promote {
    pub fn run(&self) -> Result<(), CliError> {
        let (client, event) = self.target.client()?;
        let body = json!({"raise_capacity": self.raise_capacity});
        let response = match client.post(&["events", event, "attendees", &self.name, "promote"], &body) {
            Err(CliError::Refused(problem)) if is_no_place(&problem) => {
                let advice = "there is no place for this attendee and their guests; pass --raise-capacity to raise the number of places";
                return Err(CliError::Usage(advice.into()));
            }
            response => response?,
        };
        output::print(self.target.server.json, &response.value, || {
            let Promoted { name, party, capacity } = response.read()?;
            let mut lines = vec![match party {
                1 => format!("{name} gets the next place."),
                party => format!("{name} gets the next {party} places."),
            }];
            lines.extend(capacity.map(|capacity| format!("places: {capacity}")));
            Ok(lines)
        })
    }
}

fn is_no_place(problem: &serde_json::Value) -> bool {
    problem["type"].as_str().is_some_and(|kind| kind.ends_with("no-place"))
}

impl RemoveAttendee {
    pub fn run(&self) -> Result<(), CliError> {
        let (client, event) = self.target.client()?;
        let response = client.delete(&["events", event, "attendees", &self.name], &[])?;
        output::print(self.target.server.json, &response.value, || {
            let Removed { name } = response.read()?;
            Ok(vec![format!("{name} is off the roster.")])
        })
    }
}
