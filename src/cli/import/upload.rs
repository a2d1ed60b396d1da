//! The upload of a CSV file in chunks, with its progress stored after each chunk.

use std::collections::BTreeSet;
use std::io::Read;
use std::time::Duration;

use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::{Value, json};

use super::progress::Progress;
use super::refused_rows::RefusedRows;
use super::{Source, file_error};
use crate::cli::client::Client;
use crate::cli::error::CliError;
use crate::formats;
use crate::formats::csv::repeats::Repeats;
use crate::formats::csv::{Row, Table};
use crate::formats::registration_details::RegistrationFields;

/// A request is sent when it contains this many rows or bytes.
const MAX_CHUNK_ROWS: usize = 500;
const MAX_CHUNK_BYTES: usize = 512 * 1024;

/// Estimated size of a row's JSON without the contents of its cells.
const ROW_OVERHEAD_BYTES: usize = 200;

/// Maximum number of times that a request is repeated while the server is overloaded (status 503).
const MAX_RETRIES: u32 = 60;
const RETRY_DELAY: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct ChunkResult {
    refused: Vec<RefusedRow>,
    /// Absent from older servers.
    #[serde(default)]
    new_events: Vec<String>,
}

#[derive(Deserialize)]
struct RefusedRow {
    row: u64,
    reason: String,
}

pub struct Upload {
    pub client: Client,
    pub source: Source,
    pub refused_rows: RefusedRows,
    pub progress: Progress,
    pub bar: ProgressBar,
    /// The titles of the events that begin with the import, each once.
    pub new_events: BTreeSet<String>,
    pub repeats: Repeats,
}

impl Upload {
    pub fn run(&mut self, mut table: Table<Box<dyn Read>>) -> Result<(), CliError> {
        let mut chunk = Vec::new();
        let mut bytes = 0;
        loop {
            let row = table
                .next_row()
                .map_err(|error| CliError::Usage(format!("cannot read the rest of the file: {error}")))?;
            let is_end = row.is_none();
            if let Some(Row { number, signup: Ok(signup), .. }) = &row {
                self.repeats.note(*number, signup);
            }
            // An earlier, interrupted run has already uploaded the rows up to `last_row`.
            if let Some(row) = row.filter(|row| row.number > self.progress.last_row) {
                bytes += row.cells.iter().map(String::len).sum::<usize>() + ROW_OVERHEAD_BYTES;
                chunk.push(row);
            }
            if chunk.len() >= MAX_CHUNK_ROWS || bytes >= MAX_CHUNK_BYTES || (is_end && !chunk.is_empty()) {
                self.upload_chunk(std::mem::take(&mut chunk))?;
                bytes = 0;
                self.bar.set_position(table.bytes_read());
            }
            if is_end {
                self.bar.finish_and_clear();
                return Ok(());
            }
        }
    }

    /// Uploads rows, then stores the progress. A crash in between uploads them again, which changes nothing.
    fn upload_chunk(&mut self, rows: Vec<Row>) -> Result<(), CliError> {
        let body = json!({
            "import": self.source.import.id,
            "began_at": self.source.import.began_at.as_millis(),
            "rows": rows.iter().filter_map(row_json).collect::<Vec<Value>>(),
        });
        let result: ChunkResult = self.post(&body)?;
        let last_row = rows.last().map_or(self.progress.last_row, |row| row.number);
        self.new_events.extend(result.new_events);
        self.progress.rows += rows.len() as u64;
        let refused: Vec<(Row, String)> = rows
            .into_iter()
            .filter_map(|row| {
                let reason = match &row.signup {
                    Err(problem) => problem.to_string(),
                    Ok(_) => result.refused.iter().find(|refused| refused.row == row.number)?.reason.clone(),
                };
                Some((row, reason))
            })
            .collect();
        self.progress.refused += refused.len() as u64;
        self.progress.refused_file = self.refused_rows.append(&refused)?;
        self.progress.last_row = last_row;
        if let Some(path) = &self.source.path {
            self.progress.write(path).map_err(|error| file_error("write", &Progress::path(path), &error))?;
        }
        Ok(())
    }

    fn post(&self, body: &Value) -> Result<ChunkResult, CliError> {
        let mut retries = 0;
        loop {
            match self.client.post(&["organiser", "import"], body) {
                Ok(response) => return response.read(),
                Err(CliError::Refused(problem)) if problem["status"] == 503 && retries < MAX_RETRIES => {
                    retries += 1;
                    std::thread::sleep(RETRY_DELAY);
                }
                Err(error) => {
                    self.bar.abandon();
                    return Err(error);
                }
            }
        }
    }
}

fn row_json(row: &Row) -> Option<Value> {
    let person = row.signup.as_ref().ok()?;
    let mut json = serde_json::to_value(RegistrationFields::of(&person.details)).ok()?;
    json["row"] = row.number.into();
    json["event"] = person.event.title().into();
    json["name"] = person.name.as_str().into();
    json["contact"] = person.contact.as_ref().map(formats::contact::to_json).into();
    Some(json)
}
