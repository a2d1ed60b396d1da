mod progress;

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, IsTerminal as _, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Value, json};

use self::progress::Progress;
use super::address::ServerArgs;
use super::client::Client;
use super::failure::Failure;
use super::organiser_key::KeyArgs;
use super::output;
use crate::domain::timestamp::Timestamp;
use crate::formats;
use crate::formats::csv::{Import, Row, Table, refused};

const EXAMPLES: &str = "\
Examples:
  countmein import people.csv
  countmein import people.csv --refused look.csv --url https://signup.example.org
  mdb-export club.mdb people | countmein import - --refused refused.csv

The first row names the columns: event, name, and at most one of email, phone and webhook filled for each person; others are
passed over. Rows that cannot be taken are written to people.refused.csv with the reason, to be corrected and imported.

A file beside the table (people.csv.import) holds when the import began and how far it has come. Whatever interrupts it, run
the same command again: it goes on there, and nobody is signed up twice. Run again when it is done, it brings back nobody who
has cancelled since; for that use --again.";

/// Rows and bytes of one request.
const CHUNK_ROWS: usize = 500;
const CHUNK_BYTES: usize = 512 * 1024;

/// How often a request is tried again while the server has too much to do, and how long it is waited for between.
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_secs(1);

/// Sign up everybody in a table in CSV (with the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The table; - is standard input
    table: PathBuf,

    /// Where rows that cannot be taken are written [default: beside the table, as people.refused.csv]
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,

    /// Begin anew, with the time of now, what was imported before
    #[arg(long)]
    again: bool,

    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Deserialize)]
struct Imported {
    refused: Vec<RefusedRow>,
}

#[derive(Deserialize)]
struct RefusedRow {
    row: u64,
    reason: String,
}

/// Where the table comes from.
struct Source {
    /// None for standard input, which cannot be read again.
    path: Option<PathBuf>,
    import: Import,
    bytes: Option<u64>,
}

impl Args {
    pub fn run(self) -> Result<(), Failure> {
        let client = Client::new(&self.server.url).with_key(&self.key.key_for(&self.server.url)?)?;
        let (source, progress) = self.open()?;
        let reader: Box<dyn Read> = match &source.path {
            Some(path) => Box::new(File::open(path).map_err(|error| cannot("read", path, &error))?),
            None => Box::new(io::stdin().lock()),
        };
        let table =
            Table::new(reader).map_err(|error| Failure::Usage(format!("this is no table of people: {error}")))?;
        let others = table.other_columns().to_vec();
        let refused_path = self.refused_path(&source)?;
        let mut run =
            Run { client, refused: Refused::open(&refused_path, &progress)?, bar: bar(source.bytes), source, progress };
        run.all(table)?;
        let Progress { rows, refused, .. } = run.progress;
        let answer = json!({
            "rows": rows,
            "sent": rows - refused,
            "refused": refused,
            "refused_file": (refused > 0).then(|| refused_path.display().to_string()),
            "other_columns": others,
        });
        output::print(self.server.json, &answer, || {
            let mut lines = vec![format!("{} of {rows} people are on their way to the roster.", rows - refused)];
            if !others.is_empty() {
                lines.push(format!("Not read: {}.", others.join(", ")));
            }
            Ok(lines)
        })?;
        if refused > 0 {
            return Err(Failure::RowsRefused { refused, file: refused_path.display().to_string() });
        }
        Ok(())
    }

    fn open(&self) -> Result<(Source, Progress), Failure> {
        let began_at = Timestamp::now();
        if self.table == Path::new("-") {
            let import = Import { id: Import::id_of(&began_at.as_millis().to_be_bytes()), began_at };
            let progress = Progress::begin(&import);
            return Ok((Source { path: None, import, bytes: None }, progress));
        }
        let file = File::open(&self.table).map_err(|error| cannot("read", &self.table, &error))?;
        let (id, bytes) =
            Import::of_contents(BufReader::new(file)).map_err(|error| cannot("read", &self.table, &error))?;
        let noted = if self.again { None } else { Progress::read(&self.table).filter(|noted| noted.import == id) };
        let import = Import { id, began_at: noted.as_ref().and_then(Progress::began_at).unwrap_or(began_at) };
        let progress = noted.unwrap_or_else(|| Progress::begin(&import));
        Ok((Source { path: Some(self.table.clone()), import, bytes: Some(bytes) }, progress))
    }

    fn refused_path(&self, source: &Source) -> Result<PathBuf, Failure> {
        match (&self.refused, &source.path) {
            (Some(path), _) => Ok(path.clone()),
            (None, Some(table)) => Ok(table.with_extension("refused.csv")),
            (None, None) => Err(Failure::Usage("a table from standard input needs --refused FILE".to_owned())),
        }
    }
}

/// Where rows go that were refused, and nothing else: those of a chunk that has to be sent again are written once.
struct Refused {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Refused {
    /// With what was refused so far.
    fn open(path: &Path, progress: &Progress) -> Result<Self, Failure> {
        let open = || {
            let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(path)?;
            file.set_len(progress.refused_bytes)?;
            file.seek(SeekFrom::End(0))?;
            let mut file = BufWriter::new(file);
            if progress.refused_bytes == 0 {
                refused::write_header(&mut file)?;
                file.flush()?;
            }
            Ok(file)
        };
        let file = open().map_err(|error| cannot("write", path, &error))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// The file's length, once all of it is there.
    fn write(&mut self, rows: &[(Row, String)]) -> Result<u64, Failure> {
        let mut write = || {
            for (row, reason) in rows {
                refused::write_row(&mut self.file, row, reason)?;
            }
            self.file.flush()?;
            self.file.get_ref().metadata().map(|metadata| metadata.len())
        };
        write().map_err(|error| cannot("write", &self.path, &error))
    }
}

struct Run {
    client: Client,
    source: Source,
    refused: Refused,
    progress: Progress,
    bar: ProgressBar,
}

impl Run {
    fn all(&mut self, mut table: Table<Box<dyn Read>>) -> Result<(), Failure> {
        let mut chunk = Vec::new();
        let mut bytes = 0;
        loop {
            let row =
                table.next_row().map_err(|error| Failure::Usage(format!("the table cannot be read on: {error}")))?;
            let is_last = row.is_none();
            // What was done before it was interrupted.
            if let Some(row) = row.filter(|row| row.number > self.progress.last_row) {
                bytes += row.cells.iter().map(String::len).sum::<usize>() + 200;
                chunk.push(row);
            }
            if chunk.len() >= CHUNK_ROWS || bytes >= CHUNK_BYTES || (is_last && !chunk.is_empty()) {
                self.chunk(std::mem::take(&mut chunk))?;
                bytes = 0;
                self.bar.set_position(table.position());
            }
            if is_last {
                self.bar.finish_and_clear();
                return Ok(());
            }
        }
    }

    /// Sends some rows, then notes down how far it has come; a crash in between sends them again, which changes nothing.
    fn chunk(&mut self, rows: Vec<Row>) -> Result<(), Failure> {
        let body = json!({
            "import": self.source.import.id,
            "began_at": self.source.import.began_at.as_millis(),
            "rows": rows.iter().filter_map(body_of).collect::<Vec<Value>>(),
        });
        let imported: Imported = self.post(&body)?;
        let last_row = rows.last().map_or(self.progress.last_row, |row| row.number);
        self.progress.rows += rows.len() as u64;
        let refused: Vec<(Row, String)> = rows
            .into_iter()
            .filter_map(|row| {
                let by_server = imported.refused.iter().find(|refused| refused.row == row.number);
                let reason = match &row.person {
                    Err(problem) => problem.to_string(),
                    Ok(_) => by_server?.reason.clone(),
                };
                Some((row, reason))
            })
            .collect();
        self.progress.refused += refused.len() as u64;
        self.progress.refused_bytes = self.refused.write(&refused)?;
        self.progress.last_row = last_row;
        if let Some(path) = &self.source.path {
            self.progress.write(path).map_err(|error| cannot("write", &Progress::path(path), &error))?;
        }
        Ok(())
    }

    fn post(&self, body: &Value) -> Result<Imported, Failure> {
        let mut tries = 0;
        loop {
            match self.client.post(&["organiser", "import"], body) {
                Ok(answer) => return answer.read(),
                Err(Failure::Refused(problem)) if problem["status"] == 503 && tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(PAUSE);
                }
                Err(failure) => {
                    self.bar.abandon();
                    return Err(failure);
                }
            }
        }
    }
}

fn body_of(row: &Row) -> Option<Value> {
    let person = row.person.as_ref().ok()?;
    Some(json!({
        "row": row.number,
        "event": person.event.title(),
        "name": person.name.as_str(),
        "contact": person.contact.as_ref().map(formats::contact::to_json),
    }))
}

/// Drawn on stderr where a person watches it.
fn bar(bytes: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    match bytes {
        Some(bytes) => {
            let style = "{bar:40} {percent:>3} %  {bytes} of {total_bytes}, {eta} left";
            ProgressBar::new(bytes).with_style(ProgressStyle::with_template(style).expect("it is a template"))
        }
        None => {
            let style = ProgressStyle::with_template("{spinner} {bytes}").expect("it is a template");
            ProgressBar::new_spinner().with_style(style)
        }
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("cannot {what} {}: {error}", path.display()))
}
