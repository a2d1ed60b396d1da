use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::timestamp::Timestamp;
use crate::formats::csv::Import;

/// How far an import has come, as it is noted down beside the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    /// Of which contents it is.
    pub import: String,
    /// In milliseconds.
    began_at: i64,
    /// The last row that was sent.
    pub last_row: u64,
    /// How many rows were sent or refused, and how many of them refused.
    pub rows: u64,
    pub refused: u64,
    /// The length of the file of refused rows.
    pub refused_bytes: u64,
}

impl Progress {
    pub fn begin(import: &Import) -> Self {
        let began_at = import.began_at.as_millis();
        Self { import: import.id.clone(), began_at, last_row: 0, rows: 0, refused: 0, refused_bytes: 0 }
    }

    /// What was noted down, if anything was that can be read.
    pub fn read(table: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path(table)).ok()?).ok()
    }

    /// Whole or not at all.
    pub fn write(&self, table: &Path) -> io::Result<()> {
        let path = Self::path(table);
        let mut new = OsString::from(&path);
        new.push(".new");
        fs::write(&new, serde_json::to_vec(self).expect("it is plain data"))?;
        fs::rename(&new, &path)
    }

    pub fn path(table: &Path) -> PathBuf {
        let mut path = OsString::from(table);
        path.push(".import");
        path.into()
    }

    pub fn began_at(&self) -> Option<Timestamp> {
        Timestamp::from_millis(self.began_at).ok()
    }
}
