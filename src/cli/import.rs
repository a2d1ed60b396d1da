//! `countmein import`: signs up the people in a CSV file.

mod progress;
mod refused_rows;
mod upload;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use self::progress::{Identity, Progress};
use self::refused_rows::RefusedRows;
use self::upload::Upload;
use super::address::ServerArgs;
use super::client::Client;
use super::error::CliError;
use super::organiser_key::KeyArgs;
use super::output;
use crate::domain::timestamp::Timestamp;
use crate::formats::csv::repeats::{Repeat, Repeats};
use crate::formats::csv::{Import, Options, Table};

const EXAMPLES: &str = "\
Examples:
  countmein import people.csv
  countmein import people.csv --refused to-correct.csv --url https://signup.example.org
  mdb-export club.mdb people | countmein import - --refused refused.csv

The first row contains the column names: event, name, email, phone and webhook. Each row may contain \
at most one contact: an email, a phone or a webhook. A list without the column event needs --event. Other columns are \
ignored, and named at the end. Refused rows are written to people.refused.csv, or people.refused-2.csv if that file exists, with the \
reason; correct them there and import that file.

The progress is stored in people.csv.import, in the same folder as the file. If the import is interrupted, run the \
same command again: it continues, and signs nobody up twice. If you import a completed file again, people who have \
cancelled since stay cancelled; use --again to sign them up again.";

/// Sign up the people in a CSV file (needs the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// CSV file to import; - reads standard input
    #[arg(value_name = "CSV")]
    file: PathBuf,

    /// File for refused rows [default: the CSV file's name with .refused.csv, in the same folder]
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,

    /// Event of all rows that name none, for a list without the column event
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,

    /// Column that is not imported although it has email addresses or phone numbers; repeat the option for several
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,

    /// Import the file again with the current time, as if it were a new one
    #[arg(long)]
    again: bool,

    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    pub server: ServerArgs,
}

/// The source of the rows: a CSV file or standard input.
struct Source {
    /// `None` for standard input, which cannot be read again.
    path: Option<PathBuf>,
    import: Import,
    /// Size of the file; `None` for standard input.
    bytes: Option<u64>,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        let client = Client::new(&self.server.url).with_key(&self.key.key_for(&self.server.url)?)?;
        let (source, progress) = self.open()?;
        let reader: Box<dyn Read> = match &source.path {
            Some(path) => Box::new(File::open(path).map_err(|error| file_error("read", path, &error))?),
            None => Box::new(io::stdin().lock()),
        };
        let options = Options { event: self.event.clone(), dropped: self.ignore.clone() };
        let table = Table::with(reader, options)
            .map_err(|error| CliError::Usage(format!("this file cannot be imported: {error}")))?;
        let ignored_columns = table.ignored_columns().to_vec();
        let refused_path = self.refused_path(&source)?;
        let refused_rows = RefusedRows::new(refused_path, &progress);
        explain_interruption(source.path.is_some());
        let bar = progress_bar(source.bytes);
        let mut upload = Upload {
            client,
            source,
            refused_rows,
            progress,
            bar,
            new_events: BTreeSet::new(),
            repeats: Repeats::default(),
        };
        upload.run(table)?;
        let refused_file = upload.refused_rows.path().display().to_string();
        let Progress { rows, refused, .. } = upload.progress;
        let sent = rows - refused;
        let response = json!({
            "rows": rows,
            "sent": sent,
            "refused": refused,
            "refused_file": (refused > 0).then(|| refused_file.clone()),
            "other_columns": ignored_columns,
            "new_events": upload.new_events,
            "repeats": upload.repeats.kept,
        });
        output::print(self.server.json, &response, || {
            let people = if sent == 1 { "1 person".to_owned() } else { format!("{sent} people") };
            let mut line = format!("{people} signed up.");
            if !ignored_columns.is_empty() {
                line = format!("{line} Columns ignored: {}.", ignored_columns.join(", "));
            }
            let new = upload.new_events.iter().map(|title| {
                format!("The event {title} is new, and everybody can find it. If you meant another one, delete it, and import its rows with the other one's link.")
            });
            let repeats = &upload.repeats;
            let repeated = repeats.kept.iter().map(|Repeat { row, earlier_row, name }| {
                format!(
                    "Row {row} is about {name}, as row {earlier_row} is: what row {row} says wins. Are they two people?"
                )
            });
            let left_out = repeats.count - repeats.kept.len() as u64;
            let more = (left_out > 0).then(|| format!("{left_out} more rows are about people of earlier rows."));
            Ok([line].into_iter().chain(new).chain(repeated).chain(more).collect())
        })?;
        if refused > 0 {
            return Err(CliError::RowsRefused { refused, file: refused_file });
        }
        Ok(())
    }

    /// Opens the source, with the progress of an earlier run of the same import.
    fn open(&self) -> Result<(Source, Progress), CliError> {
        let now = Timestamp::now();
        let server = self.server.url.origin().ascii_serialization();
        let identity = |id| Identity { import: id, server: &server, event: self.event.as_deref() };
        if self.file == Path::new("-") {
            let import = Import { id: Import::id_of(&now.as_millis().to_be_bytes()), began_at: now };
            let progress = Progress::start(&identity(&import.id), now);
            return Ok((Source { path: None, import, bytes: None }, progress));
        }
        let file = File::open(&self.file).map_err(|error| file_error("read", &self.file, &error))?;
        let (id, bytes) =
            Import::hash_contents(BufReader::new(file)).map_err(|error| file_error("read", &self.file, &error))?;
        let progress = Progress::read_or_start(&self.file, &identity(&id), now, self.again);
        let import = Import { id, began_at: progress.began_at().unwrap_or(now) };
        Ok((Source { path: Some(self.file.clone()), import, bytes: Some(bytes) }, progress))
    }

    fn refused_path(&self, source: &Source) -> Result<PathBuf, CliError> {
        match (&self.refused, &source.path) {
            (Some(path), _) => Ok(path.clone()),
            (None, Some(file)) => Ok(file.with_extension("refused.csv")),
            (None, None) => Err(CliError::Usage("an import from standard input needs --refused FILE".to_owned())),
        }
    }
}

/// Says how to go on when the import is interrupted with Ctrl-C, and ends the program.
fn explain_interruption(can_continue: bool) {
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            let how = match can_continue {
                true => "run the same command again to continue",
                false => "what was read so far is imported; import the rest from a file",
            };
            eprintln!("\ninterrupted; {how}");
            std::process::exit(INTERRUPTED);
        }
    });
}

/// The exit code of a program that SIGINT has ended, as in a shell.
const INTERRUPTED: i32 = 130;

/// A progress bar on stderr, hidden if stderr is not a terminal.
fn progress_bar(bytes: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    match bytes {
        Some(bytes) => {
            let style = "{bar:40} {percent:>3} %  {bytes} of {total_bytes}, {eta} left";
            ProgressBar::new(bytes).with_style(ProgressStyle::with_template(style).expect("the template is valid"))
        }
        None => {
            let style = ProgressStyle::with_template("{spinner} {bytes}").expect("the template is valid");
            ProgressBar::new_spinner().with_style(style)
        }
    }
}

fn file_error(action: &str, path: &Path, error: &io::Error) -> CliError {
    CliError::Usage(format!("cannot {action} {}: {error}", path.display()))
}
