use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};

use super::address::{self, ServerArgs};
use super::client::Client;
use super::failure::Failure;
use super::organiser_key::KeyArgs;
use super::terminal;
use crate::domain::event::Event;

const EXAMPLES: &str = "\
Examples:
  countmein export > everybody.csv
  countmein export 'Pizza Night' > pizza.csv
  countmein export dance --format json | jq length

The table holds contacts: keep it as you would an address book. A CSV table can be imported again.";

/// Write everybody, or everybody on one event, as CSV or JSON (with the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// This event alone
    #[arg(value_parser = address::event)]
    event: Option<Event>,

    /// The form; --json is the same as --format json
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Format::Csv)]
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

    pub fn run(self) -> Result<(), Failure> {
        let client = Client::new(&self.server.url).with_key(&self.key.key_for(&self.server.url)?)?;
        let mut query: Vec<_> = self.event.iter().map(|event| ("event", event.title())).collect();
        let media_type = if self.wants_json() {
            query.push(("format", "json"));
            "application/json"
        } else {
            "text/csv"
        };
        let mut table = BufReader::new(client.get_stream(&["organiser", "export"], &query, media_type)?);
        let stdout = io::stdout().lock();
        let on_terminal = stdout.is_terminal();
        let mut out = BufWriter::new(stdout);
        let mut row = Vec::new();
        while table.read_until(b'\n', &mut row).map_err(|error| client.broken_off(&error))? > 0 {
            if on_terminal {
                out.write_all(terminal::visible_row(&row).as_bytes())?;
            } else {
                out.write_all(&row)?;
            }
            row.clear();
        }
        Ok(out.flush()?)
    }
}
