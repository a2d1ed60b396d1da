//! The progress of an import, stored in the folder of the CSV file.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::timestamp::Timestamp;

/// The other imports that are remembered.
const MAX_OTHERS: usize = 20;

/// The progress of an import.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    /// Id of the import, derived from the contents of the file.
    pub import: String,
    /// The server, and the event for rows that name none. `None` in files of earlier versions.
    #[serde(default)]
    server: Option<String>,
    #[serde(default)]
    event: Option<String>,
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
    /// Other imports of a file with this name: with other contents, for another event or into another server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<Progress>,
}

/// Identifies an import among those of a file with the same name.
pub struct Identity<'a> {
    /// Derived from the contents of the file.
    pub import: &'a str,
    pub server: &'a str,
    pub event: Option<&'a str>,
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
    /// The progress of an import that begins now.
    pub fn start(identity: &Identity<'_>, began_at: Timestamp) -> Self {
        Self {
            import: identity.import.to_owned(),
            server: Some(identity.server.to_owned()),
            event: identity.event.map(str::to_owned),
            began_at: began_at.as_millis(),
            last_row: 0,
            rows: 0,
            refused: 0,
            refused_file: None,
            others: Vec::new(),
        }
    }

    /// Returns the stored progress of this import, or that of one that begins now. A file that cannot be read is ignored.
    /// `again` begins the import anew.
    pub fn read_or_start(csv: &Path, identity: &Identity<'_>, now: Timestamp, again: bool) -> Self {
        let stored = fs::read(Self::path(csv)).ok().and_then(|json| serde_json::from_slice::<Self>(&json).ok());
        let mut imports: Vec<Self> = stored.into_iter().collect();
        if let [stored] = &mut imports[..] {
            let others = mem::take(&mut stored.others);
            imports.extend(others);
        }
        let found = imports.iter().position(|import| import.is(identity));
        let found = found.map(|index| imports.remove(index)).filter(|_| !again);
        imports.truncate(MAX_OTHERS);
        Self { others: imports, ..found.unwrap_or_else(|| Self::start(identity, now)) }
    }

    fn is(&self, identity: &Identity<'_>) -> bool {
        self.import == identity.import
            && self.event.as_deref() == identity.event
            && self.server.as_deref().is_none_or(|server| server == identity.server)
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
