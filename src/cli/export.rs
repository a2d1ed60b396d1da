//! `countmein export`: prints all attendees as CSV or JSON.

use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};

use super::address::{self, ServerArgs};
use super::client::Client;
use super::error::CliError;
use super::organiser_key::KeyArgs;
use super::terminal;
use crate::domain::event::Event;

const EXAMPLES: &str = "\
Examples:
  countmein export > attendees.csv
  countmein export 'Pizza Night' > pizza.csv
  countmein export dance --format json | jq length

The export contains contacts, so store it safely. `countmein import` reads the CSV format.";

/// Export the attendees of all events, or of one event, as CSV or JSON (needs the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Export this event only
    #[arg(value_parser = address::parse_event)]
    event: Option<Event>,

    /// Output format; --json is the same as --format json
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Csv)]
    format: Format,

    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Csv,
    Json,
}

impl Args {
    pub fn wants_json(&self) -> bool {
        self.server.json || self.format == Format::Json
    }

    pub fn run(self) -> Result<(), CliError> {
        let client = Client::new(&self.server.url).with_key(&self.key.key_for(&self.server.url)?)?;
        let mut query: Vec<_> = self.event.iter().map(|event| ("event", event.title())).collect();
        let media_type = if self.wants_json() {
            query.push(("format", "json"));
            "application/json"
        } else {
            "text/csv"
        };
        let mut export = BufReader::new(client.get_stream(&["organiser", "export"], &query, media_type)?);
        let stdout = io::stdout().lock();
        let is_terminal = stdout.is_terminal();
        let mut out = BufWriter::new(stdout);
        let mut row = Vec::new();
        while export.read_until(b'\n', &mut row).map_err(|error| client.incomplete_response(&error))? > 0 {
            if is_terminal {
                out.write_all(terminal::escape_row(&row).as_bytes())?;
            } else {
                out.write_all(&row)?;
            }
            row.clear();
        }
        Ok(out.flush()?)
    }
}
