//! Finds the columns of a CSV file and its delimiter.

use std::io;

use csv::ByteRecord;

use super::{HEADER, text};

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
}

impl Columns {
    /// Finds the columns of [`HEADER`] in the first row of the file. `event` and `name` are required.
    pub fn find(header: &ByteRecord) -> Result<Self, CsvError> {
        let (mut positions, mut ignored) = ([None; HEADER.len()], Vec::new());
        for (position, cell) in header.iter().enumerate() {
            let cell = text::decode(cell);
            let name = cell.trim();
            match HEADER.iter().position(|column| name.eq_ignore_ascii_case(column)) {
                Some(column) if positions[column].replace(position).is_some() => {
                    return Err(CsvError::DuplicateColumn(HEADER[column]));
                }
                Some(_) => {}
                None if name.is_empty() => {}
                None => ignored.push(name.chars().filter(|c| !c.is_control()).take(64).collect()),
            }
        }
        if let Some(column) = (0..REQUIRED_COLUMNS).find(|column| positions[*column].is_none()) {
            let known = HEADER
                .iter()
                .zip(positions)
                .filter(|(_, position)| position.is_some())
                .map(|(name, _)| (*name).to_owned());
            let found: Vec<String> = known.chain(ignored.iter().take(5).cloned()).collect();
            let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
            return Err(CsvError::MissingColumn { missing: HEADER[column], found });
        }
        Ok(Self { positions, ignored })
    }

    pub fn cells(&self, record: &ByteRecord) -> Cells {
        let cell = |position| record.get(position).map(text::decode);
        self.positions.map(|position| position.and_then(cell).unwrap_or_default())
    }
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
