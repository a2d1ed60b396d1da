//! Finds the columns of a CSV file and its delimiter.

use std::io;

use csv::ByteRecord;

use super::{HEADER, text};
use crate::domain::contact::Contact;
use crate::domain::text::printable;

/// The cells of one row, in the order of [`HEADER`]. A cell is empty if the file lacks its column.
pub type Cells = [String; HEADER.len()];

/// `event` and `name`, the first columns of [`HEADER`].
const REQUIRED_COLUMNS: usize = 2;

/// Why a CSV file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    #[error("the file is empty; its first row must name the columns, like event,name,email")]
    Empty,
    #[error("there is no column `{missing}`; the first row names {found}, and must name event and name")]
    MissingColumn { missing: &'static str, found: String },
    #[error("two columns are called `{0}`; rename one")]
    DuplicateColumn(&'static str),
    #[error("the file is {0}, not CSV; save it as CSV and import that")]
    OtherFormat(&'static str),
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

impl From<csv::Error> for CsvError {
    fn from(error: csv::Error) -> Self {
        Self::Unreadable(io::Error::other(error))
    }
}

/// The columns of a file.
pub struct Columns {
    /// The position of each column of [`HEADER`] in the file.
    positions: [Option<usize>; HEADER.len()],
    /// The names of the file's other columns.
    pub ignored: Vec<String>,
    /// The positions of the columns in `ignored`.
    ignored_positions: Vec<usize>,
    /// The positions of all columns that have a name.
    named: Vec<usize>,
}

/// Other names of columns, in lower case.
const ALIASES: [(&str, usize); 12] = [
    ("e-mail", EMAIL),
    ("mail", EMAIL),
    ("email address", EMAIL),
    ("e-mail address", EMAIL),
    ("e-mail-adresse", EMAIL),
    ("phone number", PHONE),
    ("mobile", PHONE),
    ("mobile phone", PHONE),
    ("sms", PHONE),
    ("telefon", PHONE),
    ("handy", PHONE),
    ("telefonnummer", PHONE),
];

/// The positions in [`HEADER`].
const EMAIL: usize = 2;
const PHONE: usize = 3;

impl Columns {
    /// Finds the columns of [`HEADER`] in the first row of the file. `name` is required, and `event` unless all rows are for the
    /// same one.
    pub fn find(header: &ByteRecord, has_event: bool) -> Result<Self, CsvError> {
        let names: Vec<String> = header.iter().map(|cell| text::decode(cell).trim().to_owned()).collect();
        let (mut positions, mut others) = ([None; HEADER.len()], Vec::new());
        for (position, name) in names.iter().enumerate() {
            match HEADER.iter().position(|column| name.eq_ignore_ascii_case(column)) {
                Some(column) if positions[column].replace(position).is_some() => {
                    return Err(CsvError::DuplicateColumn(HEADER[column]));
                }
                Some(_) => {}
                None if name.is_empty() => {}
                None => others.push(position),
            }
        }
        others.retain(|position| {
            let alias = ALIASES.iter().find(|(alias, _)| names[*position].to_lowercase() == *alias);
            let free = alias.map(|(_, column)| &mut positions[*column]).filter(|found| found.is_none());
            free.map(|found| *found = Some(*position)).is_none()
        });
        let ignored: Vec<String> = others.iter().map(|position| printable(&names[*position], 64)).collect();
        let first_required = usize::from(has_event);
        if let Some(column) = (first_required..REQUIRED_COLUMNS).find(|column| positions[*column].is_none()) {
            let known = HEADER
                .iter()
                .zip(positions)
                .filter(|(_, position)| position.is_some())
                .map(|(name, _)| (*name).to_owned());
            let found: Vec<String> = known.chain(ignored.iter().take(5).cloned()).collect();
            let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
            return Err(CsvError::MissingColumn { missing: HEADER[column], found });
        }
        let named = (0..names.len()).filter(|position| !names[*position].is_empty()).collect();
        Ok(Self { positions, ignored, ignored_positions: others, named })
    }

    /// Returns the number, from 1, of a column without a name that has text in this row.
    pub fn unnamed_text(&self, record: &ByteRecord) -> Option<usize> {
        let is_text =
            |(position, cell): &(usize, &[u8])| !cell.trim_ascii().is_empty() && !self.named.contains(position);
        record.iter().enumerate().find(is_text).map(|(position, _)| position + 1)
    }

    /// Returns the name of a column that is not imported and has an address in this row. `dropped` are the names of columns that
    /// the person who imports does not want.
    pub fn ignored_contact(&self, record: &ByteRecord, dropped: &[String]) -> Option<&str> {
        let is_contact = |position: usize| {
            let cell = text::decode(record.get(position).unwrap_or_default());
            Contact::email(cell.trim()).is_ok() || Contact::sms(text::unescape(cell.trim())).is_ok()
        };
        let columns = self.ignored.iter().zip(&self.ignored_positions);
        let kept = columns.filter(|(name, _)| !dropped.iter().any(|dropped| dropped.eq_ignore_ascii_case(name)));
        kept.filter(|(_, position)| is_contact(**position)).map(|(name, _)| name.as_str()).next()
    }

    pub fn cells(&self, record: &ByteRecord) -> Cells {
        let cell = |position| record.get(position).map(text::decode);
        self.positions.map(|position| position.and_then(cell).unwrap_or_default())
    }
}

/// Returns the format of a file that is not text, by its first bytes.
pub fn other_format(start: &[u8]) -> Option<&'static str> {
    let formats: [(&[u8], &str); 5] = [
        (b"PK\x03\x04", "a zip archive or an Excel workbook (xlsx)"),
        (b"\xd0\xcf\x11\xe0", "an Excel workbook (xls)"),
        (b"\x1f\x8b", "compressed with gzip"),
        (b"%PDF", "a PDF"),
        (b"SQLite format 3\0", "an SQLite database"),
    ];
    formats.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name)
}

/// Returns the delimiter if the line declares one, as in `sep=;`. Excel reads and writes such lines.
pub fn declared_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_end();
    match line.strip_prefix(b"sep=").or_else(|| line.strip_prefix(b"SEP="))? {
        [delimiter] => Some(*delimiter),
        _ => None,
    }
}

/// Guesses the delimiter: the one that is most frequent in the header.
pub fn guess_delimiter(header: &[u8]) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    [b',', b';', b'\t'].into_iter().max_by_key(|delimiter| (count(*delimiter), *delimiter == b',')).unwrap_or(b',')
}
