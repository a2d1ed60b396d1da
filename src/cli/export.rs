use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};

use super::address::{self, ServerArgs};
use super::client::Client;
use super::failure::Failure;
use super::organiser_key::KeyArgs;
use super::output;
use crate::event::Event;

const EXAMPLES: &str = "\
Examples:
  countmein export > everybody.csv
  countmein export 'Pizza Night' > pizza.csv

The table holds contacts: keep it as you would an address book. With --json only an error is JSON.";

/// Write everybody, or everybody on one event, as a table in CSV (with the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// This event alone
    #[arg(value_parser = address::event)]
    event: Option<Event>,

    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    pub server: ServerArgs,
}

impl Args {
    pub fn run(self) -> Result<(), Failure> {
        let client = Client::new(&self.server.url).with_key(&self.key.key_for(&self.server.url)?)?;
        let query: Vec<_> = self.event.iter().map(|event| ("event", event.title())).collect();
        let mut table = BufReader::new(client.get_csv(&["organiser", "export"], &query)?);
        let stdout = io::stdout().lock();
        let on_terminal = stdout.is_terminal();
        let mut out = BufWriter::new(stdout);
        let mut row = Vec::new();
        while table.read_until(b'\n', &mut row).map_err(|error| client.broken_off(&error))? > 0 {
            if on_terminal {
                out.write_all(output::visible_row(&row).as_bytes())?;
            } else {
                out.write_all(&row)?;
            }
            row.clear();
        }
        Ok(out.flush()?)
    }
}
