//! Writes the rejected rows of an import as a CSV file, which can be corrected and imported again.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{HEADER, Row, text};

/// The columns after those of [`HEADER`]. An import ignores them.
const REASON_COLUMNS: [&str; 2] = ["row", "reason"];

/// Writes the header.
pub fn write_header(out: impl Write) -> io::Result<()> {
    write_record(out, HEADER.iter().chain(&REASON_COLUMNS).map(|name| name.as_bytes()))
}

/// Writes the columns that an import reads.
pub fn write_columns(out: impl Write) -> io::Result<()> {
    write_record(out, HEADER.iter().map(|name| name.as_bytes()))
}

/// Writes only the cells of a row, below [`write_columns`].
pub fn write_cells(out: impl Write, row: &Row) -> io::Result<()> {
    let cells = row.cells.each_ref().map(|cell| escape_cell(cell));
    write_record(out, cells.iter().map(|cell| cell.as_bytes()))
}

/// Writes a rejected row, its number and the reason.
pub fn write_row(out: impl Write, row: &Row, reason: &str) -> io::Result<()> {
    let cells = row.cells.each_ref().map(|cell| escape_cell(cell));
    let number = row.number.to_string();
    write_record(out, cells.iter().map(|cell| cell.as_bytes()).chain([number.as_bytes(), reason.as_bytes()]))
}

/// Writes the header and the reason why the whole file was rejected.
pub fn write_file_rejected(mut out: impl Write, reason: &str) -> io::Result<()> {
    write_header(&mut out)?;
    let empty_cells = HEADER.iter().map(|_| &b""[..]);
    write_record(out, empty_cells.chain([&b"1"[..], reason.as_bytes()]))
}

/// A cell as the CSV export writes it. It may have been escaped in the file.
fn escape_cell(cell: &str) -> Cow<'_, str> {
    text::escape(text::unescape(cell))
}

fn write_record<'a>(out: impl Write, cells: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(out);
    writer.write_record(cells)?;
    writer.flush()
}
