//! Tables of people: CSV as spreadsheets write it, row by row.
//!
//! Comma, semicolon or tab; UTF-8 with or without its mark, UTF-16 with it, and where a row is not UTF-8, Windows-1252; columns
//! in any order and case. The way back, for rows that were refused, is in [`refused`].

mod columns;
pub mod refused;
pub mod text;

pub use self::columns::NotATable;

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
use crate::domain::signup::{Request, Signup, SignupId, Version};
use crate::domain::timestamp::Timestamp;

/// A row's bytes, at the most. A longer one is refused; it is most likely a quote that is never closed.
const ROW_BYTES: usize = 16 * 1024;

/// The columns that are read.
pub const HEADER: [&str; 5] = ["event", "name", "email", "phone", "webhook"];

/// A table whose header was understood.
pub struct Table<R: Read> {
    rows: Reader<Decoded<R>>,
    columns: Columns,
    record: ByteRecord,
    /// Of the last row, as a spreadsheet numbers them: the header is row 1.
    row: u64,
}

type Decoded<R> = io::Chain<Cursor<Vec<u8>>, BufReader<DecodeReaderBytes<R, Vec<u8>>>>;

/// One row with something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As a spreadsheet numbers them: the header is row 1.
    pub number: u64,
    /// What stands in the columns of [`HEADER`], as it stands there.
    pub cells: [String; HEADER.len()],
    /// Whom it signs up, or why it does not.
    pub person: Result<Person, RowProblem>,
}

/// Somebody to be signed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub event: Event,
    pub name: AttendeeName,
    pub contact: Option<Contact>,
}

/// Why a row signs nobody up. Never holds what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    #[error(transparent)]
    InvalidField(#[from] InvalidField),
    #[error("only one of `email`, `phone` and `webhook` may be given; leave one")]
    SeveralContacts,
    #[error("`phone` was shortened to a number by the spreadsheet; format the column as text and write it anew")]
    ShortenedPhone,
    #[error("there is a line break in `event` or `name`; look for a quote that is never closed")]
    LineBreak,
    #[error("the row is longer than {ROW_BYTES} bytes; look for a quote that is never closed")]
    TooLong,
}

/// An import: what is the same when it is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The same for the same table, another one for any other.
    pub id: String,
    pub began_at: Timestamp,
}

impl<R: Read> Table<R> {
    /// # Errors
    /// Where the header cannot be read, or lacks a column.
    pub fn new(source: R) -> Result<Self, NotATable> {
        let mut lines =
            BufReader::new(DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(source));
        let mut first = Vec::new();
        let mut line = |first: &mut Vec<u8>| {
            first.clear();
            let read = (&mut lines).take(ROW_BYTES as u64).read_until(b'\n', first)?;
            Ok::<_, io::Error>(read)
        };
        if line(&mut first)? == 0 {
            return Err(NotATable::Empty);
        }
        // So Excel is told the delimiter, in a row that it does not show.
        let told = columns::told_delimiter(&first);
        if told.is_some() {
            line(&mut first)?;
        }
        let delimiter = told.unwrap_or_else(|| columns::delimiter(&first));
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(Cursor::new(first).chain(lines));
        let mut record = ByteRecord::new();
        if !rows.read_byte_record(&mut record)? {
            return Err(NotATable::Empty);
        }
        let columns = Columns::read(&record)?;
        Ok(Self { rows, columns, record, row: 1 })
    }

    /// Columns that are not read, as the header names them.
    pub fn other_columns(&self) -> &[String] {
        &self.columns.others
    }

    /// The bytes read so far, of the table as UTF-8.
    pub fn position(&self) -> u64 {
        self.rows.position().byte()
    }

    /// The next row with something in it.
    ///
    /// # Errors
    /// Where the source cannot be read.
    pub fn next_row(&mut self) -> io::Result<Option<Row>> {
        while self.rows.read_byte_record(&mut self.record).map_err(io::Error::other)? {
            self.row += 1;
            if self.record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            if self.record.as_slice().len() > ROW_BYTES {
                let person = Err(RowProblem::TooLong);
                return Ok(Some(Row { number: self.row, cells: Cells::default(), person }));
            }
            let cells = self.columns.cells(&self.record);
            let person = person(&cells);
            return Ok(Some(Row { number: self.row, cells, person }));
        }
        Ok(None)
    }
}

fn person([event, name, email, phone, webhook]: &Cells) -> Result<Person, RowProblem> {
    // Or the next row would be the end of a name.
    if [event, name].iter().any(|text| text.trim().contains(['\n', '\r'])) {
        return Err(RowProblem::LineBreak);
    }
    let cell = |text: &str| text::unguarded(text.trim()).to_owned();
    let event = Event::parse(&cell(event)).map_err(|problem| problem.in_field("event"))?;
    let name = AttendeeName::parse(&cell(name)).map_err(|problem| problem.in_field("name"))?;
    let [email, phone, webhook] = [email, phone, webhook].map(|text| cell(text));
    let contact = match (&*email, &*phone, &*webhook) {
        ("", "", "") => None,
        (email, "", "") => Some(Contact::email(email).map_err(|problem| problem.in_field("email"))?),
        ("", phone, "") if text::is_shortened(phone) => return Err(RowProblem::ShortenedPhone),
        ("", phone, "") => Some(Contact::sms(phone).map_err(|problem| problem.in_field("phone"))?),
        ("", "", webhook) => Some(Contact::webhook(webhook).map_err(|problem| problem.in_field("webhook"))?),
        _ => return Err(RowProblem::SeveralContacts),
    };
    Ok(Person { event, name, contact })
}

impl Import {
    /// Of a table with these contents, begun now.
    pub fn of_contents(mut contents: impl Read) -> io::Result<(String, u64)> {
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

    /// An id from whatever tells the table from all others.
    pub fn id_of(identity: &[u8]) -> String {
        Sha256::digest(identity)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A row's sign-up: the same again when the import is repeated, so that it undoes nothing that was done since; of two
    /// rows about one person the later one wins.
    pub fn signup(&self, row: u64, person: Person) -> Signup {
        let id = SignupId::parse(&format!("import-{}-{row:010}", self.id));
        Signup {
            version: Version { requested_at: self.began_at, id: id.expect("it is short ASCII") },
            event: person.event,
            name: person.name,
            channel: Channel::Import,
            request: Request::Enrol { contact: person.contact },
        }
    }
}

#[cfg(test)]
mod tests;
