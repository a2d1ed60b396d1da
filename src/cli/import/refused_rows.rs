//! The CSV file of refused rows and their reasons.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::file_error;
use super::progress::{Progress, RefusedFile};
use crate::cli::error::CliError;
use crate::formats::csv::{Row, rejected_rows};

/// Files with the same name and another number that are tried.
const MAX_NUMBER: u32 = 1_000;

/// A writer of refused rows. It creates the file with the first row, and never changes a file that it did not write: people correct
/// the rows in it.
///
/// The stored progress contains the length and a hash of the file. After an interruption, the file is cut to that length, so that
/// rows that are written again appear only once. A file that was edited since is left alone.
pub struct RefusedRows {
    path: PathBuf,
    earlier: Option<RefusedFile>,
    file: Option<BufWriter<Hashed>>,
}

impl RefusedRows {
    pub fn new(path: PathBuf, progress: &Progress) -> Self {
        let earlier = progress.refused_file.clone();
        let path = earlier.as_ref().map_or(path, |earlier| earlier.path.clone());
        Self { path, earlier, file: None }
    }

    /// The file in which the rows are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends rows, and returns the file as it is now. Returns `None` as long as no row was refused.
    pub fn append(&mut self, rows: &[(Row, String)]) -> Result<Option<RefusedFile>, CliError> {
        if rows.is_empty() {
            return Ok(self.earlier.clone());
        }
        self.try_append(rows).map_err(|error| file_error("write", &self.path, &error))?;
        Ok(self.earlier.clone())
    }

    fn try_append(&mut self, rows: &[(Row, String)]) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(BufWriter::new(self.open()?));
        }
        let file = self.file.as_mut().expect("it was just opened");
        for (row, reason) in rows {
            rejected_rows::write_row(&mut *file, row, reason)?;
        }
        file.flush()?;
        self.earlier = Some(file.get_ref().state(&self.path));
        Ok(())
    }

    fn open(&mut self) -> io::Result<Hashed> {
        if let Some(earlier) = &self.earlier
            && let Some(file) = Hashed::resume(earlier)?
        {
            return Ok(file);
        }
        let wanted = self.path.clone();
        for number in 1..=MAX_NUMBER {
            self.path = numbered(&wanted, number);
            match OpenOptions::new().create_new(true).write(true).open(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(file) => {
                    let mut file = Hashed { file, hash: Sha256::new(), bytes: 0 };
                    rejected_rows::write_header(&mut file)?;
                    return Ok(file);
                }
            }
        }
        Err(io::Error::other("there are too many files with this name; choose another with --refused"))
    }
}

/// `people.refused.csv`, then `people.refused-2.csv`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{number}{extension}"))
}

/// A file with a hash of what is in it.
struct Hashed {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Hashed {
    /// Opens a file of an earlier run. Returns `None` if it is not as that run left it.
    fn resume(earlier: &RefusedFile) -> io::Result<Option<Self>> {
        let mut file = match OpenOptions::new().read(true).write(true).open(&earlier.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut contents = Vec::new();
        (&file).take(earlier.bytes).read_to_end(&mut contents)?;
        let hash = Sha256::new_with_prefix(&contents);
        if contents.len() as u64 != earlier.bytes || written(&hash) != earlier.hash {
            return Ok(None);
        }
        file.set_len(earlier.bytes)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Some(Self { file, hash, bytes: earlier.bytes }))
    }

    fn state(&self, path: &Path) -> RefusedFile {
        RefusedFile { path: path.to_owned(), bytes: self.bytes, hash: written(&self.hash) }
    }
}

fn written(hash: &Sha256) -> String {
    URL_SAFE_NO_PAD.encode(hash.clone().finalize())
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
