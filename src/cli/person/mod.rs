//! `countmein person`: prints or deletes everything that is stored about one person.

mod args;
mod entry;

use std::io::{self, BufWriter, Write};

use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};

use self::args::PersonArgs;
use self::entry::lines_of;
use super::client::Client;
use super::error::CliError;
use super::organiser_args::OrganiserArgs;
use super::spinner::spinner;
use super::{confirmation, output, terminal};
use crate::domain::event::Event;

const EXAMPLES: &str = "\
Examples:
  countmein person export Ana                       by name, for all events
  countmein person export ana@example.org --json    by address
  countmein person remove +14155552671 --event 'Pizza Night'
  countmein person remove Ana --yes --json          in a script

An email address, a phone number like +14155552671 or an https address is an address, anything else is a name. Use \
both, because a name finds the contacts of a person, and an address finds registrations under other names.";

/// Export or delete everything that is stored about one person (needs the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print everything that is stored about a person
    Export(Export),
    /// Delete everything that `person export` prints
    Remove(Remove),
}

#[derive(Debug, clap::Args)]
struct Export {
    #[command(flatten)]
    person: PersonArgs,

    #[command(flatten)]
    organiser: OrganiserArgs,
}

#[derive(Debug, clap::Args)]
struct Remove {
    #[command(flatten)]
    person: PersonArgs,

    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,

    #[command(flatten)]
    organiser: OrganiserArgs,
}

#[derive(Deserialize)]
struct ExportPage {
    entries: Vec<Value>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Removal {
    removed: u64,
    opt_in_unknown: bool,
    next: Option<String>,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        match self.command {
            Command::Export(args) => args.run(),
            Command::Remove(args) => args.run(),
        }
    }

    pub fn wants_json(&self) -> bool {
        match &self.command {
            Command::Export(args) => args.organiser.server.json,
            Command::Remove(args) => args.organiser.server.json,
        }
    }
}

impl Export {
    /// Prints each page when it arrives, because an address may be used by very many registrations.
    fn run(self) -> Result<(), CliError> {
        let person = self.person.person()?;
        let client = self.organiser.client()?;
        let mut body = self.person.body(&person);
        let as_json = self.organiser.server.json;
        let mut out = BufWriter::new(io::stdout());
        let (bar, mut count) = (spinner(), 0_u64);
        if as_json {
            write!(out, "{{\"entries\":[")?;
        }
        loop {
            let page: ExportPage = post(&client, "export", &body)?;
            bar.suspend(|| -> Result<(), CliError> {
                for entry in &page.entries {
                    if as_json {
                        write!(out, "{}{}", if count == 0 { "" } else { "," }, terminal::escape(&entry.to_string()))?;
                    } else {
                        for line in lines_of(entry) {
                            writeln!(out, "{}", terminal::escape(&line))?;
                        }
                    }
                    count += 1;
                }
                Ok(out.flush()?)
            })?;
            bar.set_message(format!("{count} entries found"));
            match page.next {
                Some(next) => body["cursor"] = next.into(),
                None => break,
            }
        }
        bar.finish_and_clear();
        if as_json {
            writeln!(out, "]}}")?;
        } else if count == 0 {
            writeln!(out, "{}", terminal::escape(&format!("Nothing is stored about {}.", person)))?;
        }
        Ok(out.flush()?)
    }
}

impl Remove {
    fn run(self) -> Result<(), CliError> {
        let person = self.person.person()?;
        let client = self.organiser.client()?;
        if !self.yes {
            let scope = self.person.event.as_ref().map_or("all events", Event::title);
            confirmation::confirm(&format!("Delete everything that is stored about {person} for {scope}?"))?;
        }
        let mut body = self.person.body(&person);
        let (bar, mut removed) = (spinner(), 0);
        let opt_in_unknown = loop {
            let page: Removal = post(&client, "remove", &body)?;
            removed += page.removed;
            bar.set_message(format!("{removed} entries removed"));
            match page.next {
                Some(next) => body["cursor"] = next.into(),
                None => break page.opt_in_unknown,
            }
        };
        bar.finish_and_clear();
        if removed == 0 && !opt_in_unknown {
            return Err(CliError::NothingFound { whom: person.to_string() });
        }
        let response = json!({"removed": removed, "opt_in_unknown": opt_in_unknown});
        output::print(self.organiser.server.json, &response, || {
            let mut lines = vec![match removed {
                0 => format!("Nothing about {person} was found."),
                1 => format!("1 entry about {person} was removed."),
                removed => format!("{removed} entries about {person} were removed."),
            }];
            if opt_in_unknown {
                lines.push(
                    "The opt-in of the address may still be stored, because the server runs without --contact-secret."
                        .to_owned(),
                );
            }
            Ok(lines)
        })
    }
}

fn post<T: for<'de> Deserialize<'de>>(client: &Client, action: &str, body: &Value) -> Result<T, CliError> {
    client.post(&["organiser", "person", action], body)?.read()
}
