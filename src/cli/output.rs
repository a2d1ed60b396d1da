//! The output of a command on stdout.

use std::io::{self, BufWriter, Write};

use serde_json::Value;

use super::error::CliError;
use crate::cli::terminal::escape;

/// Prints the response as one JSON object, or as lines for people.
pub fn print(
    json: bool,
    response: &Value,
    lines: impl FnOnce() -> Result<Vec<String>, CliError>,
) -> Result<(), CliError> {
    let lines = if json { vec![response.to_string()] } else { lines()? };
    let mut out = BufWriter::new(io::stdout().lock());
    for line in lines {
        writeln!(out, "{}", escape(&line))?;
    }
    Ok(out.flush()?)
}
