//! Which column is which.

use std::io;

use csv::ByteRecord;

use super::{HEADER, text};

/// What stands in the columns of [`HEADER`].
pub type Cells = [String; HEADER.len()];

/// Why a table cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum NotATable {
    #[error("it is empty; its first row must name the columns, like event,name,email")]
    Empty,
    #[error("there is no column `{missing}`; the first row names {found}, and must name event and name")]
    NoColumn { missing: &'static str, found: String },
    #[error("two columns are called `{0}`; rename one")]
    Twice(&'static str),
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

impl From<csv::Error> for NotATable {
    fn from(error: csv::Error) -> Self {
        Self::Unreadable(io::Error::other(error))
    }
}

pub struct Columns {
    /// Where each of [`HEADER`] is.
    places: [Option<usize>; HEADER.len()],
    pub others: Vec<String>,
}

impl Columns {
    pub fn read(header: &ByteRecord) -> Result<Self, NotATable> {
        let (mut places, mut others) = ([None; HEADER.len()], Vec::new());
        for (place, cell) in header.iter().enumerate() {
            let cell = text::decoded(cell);
            let name = cell.trim();
            match HEADER.iter().position(|column| name.eq_ignore_ascii_case(column)) {
                Some(column) if places[column].replace(place).is_some() => {
                    return Err(NotATable::Twice(HEADER[column]));
                }
                Some(_) => {}
                None if name.is_empty() => {}
                None => others.push(name.chars().filter(|c| !c.is_control()).take(64).collect()),
            }
        }
        if let Some(column) = (0..2).find(|column| places[*column].is_none()) {
            let known =
                HEADER.iter().zip(places).filter(|(_, place)| place.is_some()).map(|(name, _)| (*name).to_owned());
            let found: Vec<String> = known.chain(others.iter().take(5).cloned()).collect();
            let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
            return Err(NotATable::NoColumn { missing: HEADER[column], found });
        }
        Ok(Self { places, others })
    }

    pub fn cells(&self, record: &ByteRecord) -> Cells {
        self.places.map(|place| place.and_then(|place| record.get(place)).map(text::decoded).unwrap_or_default())
    }
}

/// Excel's `sep=;`.
pub fn told_delimiter(line: &[u8]) -> Option<u8> {
    let told = line.trim_ascii_end();
    match told.strip_prefix(b"sep=").or_else(|| told.strip_prefix(b"SEP="))? {
        [delimiter] => Some(*delimiter),
        _ => None,
    }
}

/// The one that there is the most of.
pub fn delimiter(header: &[u8]) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    [b',', b';', b'\t'].into_iter().max_by_key(|delimiter| (count(*delimiter), *delimiter == b',')).unwrap_or(b',')
}
