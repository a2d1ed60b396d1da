//! Parses the CSV files that spreadsheets write into sign-ups, row by row.
//!
//! The delimiter is a comma, semicolon or tab. The encoding is UTF-8 with or without a byte order mark, or UTF-16
//! with one. A cell that is not UTF-8 is read as Windows-1252. Columns may be in any order, in lower or upper case.
//! [`rejected_rows`] writes a file with the rows that were not imported.

mod columns;
pub mod rejected_rows;
pub mod repeats;
pub mod text;

pub use self::columns::CsvError;

use std::io::{self, BufRead, BufReader, Cursor, Read};

use csv::{ByteRecord, Reader, ReaderBuilder};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use sha2::{Digest, Sha256};

use self::columns::{Cells, Columns};
use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::invalid::InvalidField;
use crate::domain::registration_details::RegistrationEdit;
use crate::domain::signup::{Request, Signup, SignupId, Version};
use crate::domain::timestamp::Timestamp;
use crate::formats::registration_details;

/// A longer row is rejected. The reason is most likely a quote that is never closed.
const MAX_ROW_BYTES: usize = 16 * 1024;

/// The names of the columns that are imported.
pub const HEADER: [&str; 9] = ["event", "name", "email", "phone", "webhook", "guests", "answer", "note", "language"];

/// A CSV file with a valid header.
pub struct Table<R: Read> {
    rows: Reader<Decoded<R>>,
    columns: Columns,
    options: Options,
    record: ByteRecord,
    /// The number of the row that was read last. The header is row 1, as in a spreadsheet.
    row: u64,
}

/// How to read a file.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The event of all rows that name none.
    pub event: Option<String>,
    /// The names of columns that are not imported although they may hold addresses.
    pub dropped: Vec<String>,
}

type Decoded<R> = io::Chain<Cursor<Vec<u8>>, BufReader<DecodeReaderBytes<R, Vec<u8>>>>;

/// A row with at least one non-empty cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The row's number. The header is row 1, as in a spreadsheet.
    pub number: u64,
    /// The unchanged cells, in the order of [`HEADER`].
    pub cells: [String; HEADER.len()],
    /// The sign-up in the row, or the reason why the row is rejected.
    pub signup: Result<ImportedSignup, RowProblem>,
}

/// The sign-up in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedSignup {
    pub event: Event,
    pub name: AttendeeName,
    pub contact: Option<Contact>,
    pub details: RegistrationEdit,
}

/// Why a row is rejected. The error never contains the text of a cell, which may be private.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    #[error(transparent)]
    InvalidField(#[from] InvalidField),
    #[error("the row has more than one of `email`, `phone` and `webhook`; leave one and empty the others")]
    SeveralContacts,
    #[error("the spreadsheet rounded `phone` to a number; format the column as text and enter the phone number again")]
    ShortenedPhone,
    #[error("there is a line break in `event` or `name`; look for a quote that is never closed")]
    LineBreak,
    #[error("column {column} has text, but no name in the first row; name the column, or empty the cell")]
    UnnamedColumn { column: usize },
    #[error(
        "`{column}` has an email address or a phone number, but is not imported; call the column `email` or `phone`, or remove it"
    )]
    IgnoredContact { column: String },
    #[error("several events have this title; give the link of one")]
    SeveralEvents,
    #[error("the row is longer than {MAX_ROW_BYTES} bytes; look for a quote that is never closed")]
    TooLong,
}

/// Identifies an import. A repeated import has the same identity, so it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// A hash that is derived from the file. Different files have different ids.
    pub id: String,
    pub began_at: Timestamp,
}

impl<R: Read> Table<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// Returns an error if the header cannot be read, lacks a required column or names a column twice.
    pub fn new(source: R) -> Result<Self, CsvError> {
        Self::with(source, Options::default())
    }

    /// Reads the header of a file about which more is known.
    ///
    /// # Errors
    /// Like [`Table::new`].
    pub fn with(source: R, options: Options) -> Result<Self, CsvError> {
        let mut lines =
            BufReader::new(DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(source));
        let mut first = Vec::new();
        let mut read_line = |first: &mut Vec<u8>| {
            first.clear();
            let read = (&mut lines).take(MAX_ROW_BYTES as u64).read_until(b'\n', first)?;
            Ok::<_, io::Error>(read)
        };
        if read_line(&mut first)? == 0 {
            return Err(CsvError::Empty);
        }
        if let Some(format) = columns::other_format(&first) {
            return Err(CsvError::OtherFormat(format));
        }
        // In Excel, too, a line that declares the delimiter is not a row.
        let declared = columns::declared_delimiter(&first);
        if declared.is_some() {
            read_line(&mut first)?;
        }
        let delimiter = declared.unwrap_or_else(|| columns::guess_delimiter(&first));
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(Cursor::new(first).chain(lines));
        let mut record = ByteRecord::new();
        if !rows.read_byte_record(&mut record)? {
            return Err(CsvError::Empty);
        }
        let columns = Columns::find(&record, options.event.is_some())?;
        Ok(Self { rows, columns, options, record, row: 1 })
    }

    /// The names of the columns that are not imported.
    pub fn ignored_columns(&self) -> &[String] {
        &self.columns.ignored
    }

    /// The number of bytes read so far, counted after the conversion to UTF-8.
    pub fn bytes_read(&self) -> u64 {
        self.rows.position().byte()
    }

    /// Reads the next row that is not empty. Returns `None` at the end of the file.
    ///
    /// # Errors
    /// Returns an error if the source cannot be read.
    pub fn next_row(&mut self) -> io::Result<Option<Row>> {
        while self.rows.read_byte_record(&mut self.record).map_err(io::Error::other)? {
            self.row += 1;
            if self.record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            if self.record.as_slice().len() > MAX_ROW_BYTES {
                let signup = Err(RowProblem::TooLong);
                return Ok(Some(Row { number: self.row, cells: Cells::default(), signup }));
            }
            let mut cells = self.columns.cells(&self.record);
            if let Some(event) = self.options.event.as_ref().filter(|_| cells[0].trim().is_empty()) {
                cells[0].clone_from(event);
            }
            let signup = match self.dropped_text() {
                Some(problem) => Err(problem),
                None => parse_row(&cells),
            };
            return Ok(Some(Row { number: self.row, cells, signup }));
        }
        Ok(None)
    }
}

impl<R: Read> Table<R> {
    /// Returns what of the row would be lost without a word.
    fn dropped_text(&self) -> Option<RowProblem> {
        let unnamed = self.columns.unnamed_text(&self.record).map(|column| RowProblem::UnnamedColumn { column });
        unnamed.or_else(|| {
            let column = self.columns.ignored_contact(&self.record, &self.options.dropped)?;
            Some(RowProblem::IgnoredContact { column: column.to_owned() })
        })
    }
}

fn parse_row(
    [event, name, email, phone, webhook, guests, answer, note, language]: &Cells,
) -> Result<ImportedSignup, RowProblem> {
    // If a quote is not closed, the event or the name contains the following rows.
    if [event, name].iter().any(|text| text.trim().contains(['\n', '\r'])) {
        return Err(RowProblem::LineBreak);
    }
    let cell = |text: &str| text::unescape(text.trim()).to_owned();
    let event = Event::parse(&cell(event)).map_err(|problem| problem.in_field("event"))?;
    let name = AttendeeName::parse(&cell(name)).map_err(|problem| problem.in_field("name"))?;
    let [email, phone, webhook] = [email, phone, webhook].map(|text| cell(text));
    let contact = match (&*email, &*phone, &*webhook) {
        ("", "", "") => None,
        (email, "", "") => Some(Contact::email(email).map_err(|problem| problem.in_field("email"))?),
        ("", phone, "") if text::is_scientific_notation(phone) => return Err(RowProblem::ShortenedPhone),
        ("", phone, "") => Some(Contact::sms(phone).map_err(|problem| problem.in_field("phone"))?),
        ("", "", webhook) => Some(Contact::webhook(webhook).map_err(|problem| problem.in_field("webhook"))?),
        _ => return Err(RowProblem::SeveralContacts),
    };
    // An empty cell says nothing.
    let given = [("guests", guests), ("answer", answer), ("note", note), ("language", language)]
        .map(|(field, text)| (field, cell(text)));
    let given = given.into_iter().filter(|(_, text)| !text.is_empty());
    let details = registration_details::parse(&given.map(|(field, text)| (field.to_owned(), text.into())).collect())?;
    Ok(ImportedSignup { event, name, contact, details })
}

impl Import {
    /// Returns the id for the import of this file, and the file's length in bytes.
    pub fn hash_contents(mut contents: impl Read) -> io::Result<(String, u64)> {
        let (mut hash, mut buffer, mut length) = (Sha256::new(), vec![0; 64 * 1024], 0);
        loop {
            let read = contents.read(&mut buffer)?;
            if read == 0 {
                return Ok((Self::id_of(&hash.finalize()), length));
            }
            hash.update(&buffer[..read]);
            length += read as u64;
        }
    }

    /// Derives an id from bytes that identify the file.
    pub fn id_of(identity: &[u8]) -> String {
        Sha256::digest(identity)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Builds the sign-up of a row. A repeated import builds the same sign-up, so it does not undo
    /// later changes. If two rows are about the same attendee, the later row wins.
    pub fn signup(&self, row: u64, imported: ImportedSignup) -> Signup {
        let id = SignupId::parse(&format!("import-{}-{row:010}", self.id));
        Signup {
            version: Version { requested_at: self.began_at, id: id.expect("a short ASCII id without spaces is valid") },
            event: imported.event,
            name: imported.name,
            channel: Channel::Import,
            network: None,
            request: Request::TrustedSignUp { contact: imported.contact, details: imported.details },
        }
    }
}

#[cfg(test)]
mod tests;
