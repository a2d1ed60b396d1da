use std::io::{self, BufRead, IsTerminal, Write};

use serde::Deserialize;
use serde_json::json;

use super::address::{self, ServerArgs};
use super::client::Client;
use super::failure::Failure;
use super::organiser_key::KeyArgs;
use super::{output, terminal};
use crate::domain::attendee_name::AttendeeName;
use crate::domain::event::Event;

const EXAMPLES: &str = "\
Examples:
  countmein remove Ana                          from every event
  countmein remove Ana --event 'Pizza Night'
  countmein remove Ana --yes --json             in a script

This is for somebody who wants their data gone; who only is not coming is better cancelled. It cannot be undone.";

/// Remove everything that is kept about a person (with the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Whose data
    #[arg(value_parser = address::name)]
    name: AttendeeName,

    /// On this event alone
    #[arg(long, value_parser = address::event)]
    event: Option<Event>,

    /// Do it without asking
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
    pub fn run(self) -> Result<(), Failure> {
        let client = Client::new(&self.server.url).with_key(&self.key.key_for(&self.server.url)?)?;
        if !self.yes {
            self.confirm()?;
        }
        let mut body = json!({"name": self.name.as_str()});
        if let Some(event) = &self.event {
            body["event"] = event.title().into();
        }
        let answer = client.post(&["organiser", "remove"], &body)?;
        output::print(self.server.json, &answer.value, || {
            let name = self.name.as_str();
            Ok(vec![match answer.read::<Removal>()?.removed {
                0 => format!("Nothing is kept about {name}."),
                1 => format!("1 entry about {name} is removed."),
                removed => format!("{removed} entries about {name} are removed."),
            }])
        })
    }

    fn confirm(&self) -> Result<(), Failure> {
        let stdin = io::stdin().lock();
        if !stdin.is_terminal() {
            return Err(Failure::Usage(
                "removing cannot be undone and there is no terminal to ask on; add --yes".into(),
            ));
        }
        let place = self.event.as_ref().map_or("every event", Event::title);
        let question =
            format!("Remove everything about {} from {place}? It cannot be undone. [y/N] ", self.name.as_str());
        let mut stderr = io::stderr();
        write!(stderr, "{}", terminal::visible(&question))?;
        stderr.flush()?;
        if is_yes(stdin)? { Ok(()) } else { Err(Failure::Declined) }
    }
}

fn is_yes(mut answer: impl BufRead) -> io::Result<bool> {
    let mut line = String::new();
    answer.read_line(&mut line)?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (answer, yes) in
            [("y\n", true), (" YES \n", true), ("\n", false), ("", false), ("no\n", false), ("yep", false)]
        {
            assert_eq!(is_yes(answer.as_bytes()).unwrap(), yes, "{answer:?}");
        }
    }
}
