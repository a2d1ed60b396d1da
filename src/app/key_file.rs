//! A key of a data folder: a file that only its owner reads.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::domain::secret;
use crate::domain::secret::Secret;

/// Where the key was found.
pub struct KeyFile {
    pub key: Secret,
    pub path: PathBuf,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// Reads the folder's key of this name; makes one at the first start.
pub fn read_or_make(folder: &Path, name: &str) -> io::Result<KeyFile> {
    let path = folder.join(name);
    let is_new = !path.exists();
    if is_new {
        make(&path)?;
    }
    let text = fs::read_to_string(&path)?;
    let key = Secret::new(text.trim()).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(KeyFile { key, path, is_new })
}

/// Written beside and renamed, so that a crash leaves no half key.
fn make(path: &Path) -> io::Result<()> {
    let draft = path.with_added_extension("new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", secret::generate())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
