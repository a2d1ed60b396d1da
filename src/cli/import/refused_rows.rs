//! The CSV file of refused rows and their reasons.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::file_error;
use super::progress::Progress;
use crate::cli::error::CliError;
use crate::formats::csv::{Row, rejected_rows};

/// A writer of refused rows. The stored progress contains the length of the file. After an interruption the file is cut
/// to that length, so that rows that are written again appear only once.
pub struct RefusedRows {
    path: PathBuf,
    file: BufWriter<File>,
}

impl RefusedRows {
    /// Opens the file, and deletes the rows that the stored progress does not include.
    pub fn open(path: &Path, progress: &Progress) -> Result<Self, CliError> {
        let open = || {
            let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(path)?;
            file.set_len(progress.refused_bytes)?;
            file.seek(SeekFrom::End(0))?;
            let mut file = BufWriter::new(file);
            if progress.refused_bytes == 0 {
                rejected_rows::write_header(&mut file)?;
                file.flush()?;
            }
            Ok(file)
        };
        let file = open().map_err(|error| file_error("write", path, &error))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Appends rows, and returns the new length of the file.
    pub fn append(&mut self, rows: &[(Row, String)]) -> Result<u64, CliError> {
        let mut append = || {
            for (row, reason) in rows {
                rejected_rows::write_row(&mut self.file, row, reason)?;
            }
            self.file.flush()?;
            self.file.get_ref().metadata().map(|metadata| metadata.len())
        };
        append().map_err(|error| file_error("write", &self.path, &error))
    }
}
