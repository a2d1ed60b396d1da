//! Rows that were refused, as a table that can be corrected and imported again.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{HEADER, Row, text};

/// Further columns, which an import passes over.
const REASONS: [&str; 2] = ["row", "reason"];

/// The header of such a table.
pub fn write_header(out: impl Write) -> io::Result<()> {
    write(out, HEADER.iter().chain(&REASONS).map(|name| name.as_bytes()))
}

/// A row that was refused, and why.
pub fn write_row(out: impl Write, row: &Row, reason: &str) -> io::Result<()> {
    let cells = row.cells.each_ref().map(|cell| guarded(cell));
    let number = row.number.to_string();
    write(out, cells.iter().map(|cell| cell.as_bytes()).chain([number.as_bytes(), reason.as_bytes()]))
}

/// What says of a whole table why it was refused.
pub fn write_table_refused(mut out: impl Write, reason: &str) -> io::Result<()> {
    write_header(&mut out)?;
    let nothing = HEADER.iter().map(|_| &b""[..]);
    write(out, nothing.chain([&b"1"[..], reason.as_bytes()]))
}

/// As in the export; a phone number needs it not.
fn guarded(cell: &str) -> Cow<'_, str> {
    let is_number = cell.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    if is_number { Cow::Borrowed(cell) } else { text::guarded(cell) }
}

fn write<'a>(out: impl Write, cells: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(out);
    writer.write_record(cells)?;
    writer.flush()
}
