//! What a command prints.

use std::io::{self, BufWriter, Write};

use serde_json::Value;

use super::failure::Failure;
use crate::cli::terminal::visible;

/// Prints the answer as one JSON object, or the lines that say the same to a person.
pub fn print(json: bool, answer: &Value, lines: impl FnOnce() -> Result<Vec<String>, Failure>) -> Result<(), Failure> {
    let lines = if json { vec![answer.to_string()] } else { lines()? };
    let mut out = BufWriter::new(io::stdout().lock());
    for line in lines {
        writeln!(out, "{}", visible(&line))?;
    }
    Ok(out.flush()?)
}
