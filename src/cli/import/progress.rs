//! The progress of an import, stored in the folder of the CSV file.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::timestamp::Timestamp;
use crate::formats::csv::Import;

/// The progress of an import.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    /// Id of the import, derived from the contents of the file.
    pub import: String,
    /// Start of the import, in milliseconds since 1970.
    began_at: i64,
    /// Number of the last row that was uploaded.
    pub last_row: u64,
    /// Rows processed, including refused ones.
    pub rows: u64,
    pub refused: u64,
    /// The file of refused rows. `None` if no row was refused yet.
    #[serde(default)]
    pub refused_file: Option<RefusedFile>,
}

/// A file of refused rows, as this program left it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefusedFile {
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its contents, in base64url.
    pub hash: String,
}

impl Progress {
    pub fn start(import: &Import) -> Self {
        let began_at = import.began_at.as_millis();
        Self { import: import.id.clone(), began_at, last_row: 0, rows: 0, refused: 0, refused_file: None }
    }

    /// Reads the stored progress. Returns `None` if there is none, or if it cannot be read.
    pub fn read(csv: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path(csv)).ok()?).ok()
    }

    /// Replaces the stored progress atomically.
    pub fn write(&self, csv: &Path) -> io::Result<()> {
        let path = Self::path(csv);
        let mut temporary = OsString::from(&path);
        temporary.push(".new");
        fs::write(&temporary, serde_json::to_vec(self).expect("the progress is plain data"))?;
        fs::rename(&temporary, &path)
    }

    pub fn path(csv: &Path) -> PathBuf {
        let mut path = OsString::from(csv);
        path.push(".import");
        path.into()
    }

    pub fn began_at(&self) -> Option<Timestamp> {
        Timestamp::from_millis(self.began_at).ok()
    }
}
