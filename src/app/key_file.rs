//! A key stored in a file of the data folder, readable only by the file's owner.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::adapters::private_files;
use crate::domain::secret;
use crate::domain::secret::Secret;

/// A key, with the file it was read from.
pub struct KeyFile {
    pub key: Secret,
    pub path: PathBuf,
    pub origin: KeyOrigin,
}

/// Whether this start of the program created the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin {
    Created,
    Existing,
}

/// Reads the key from the file. Creates the file with a random key if it does not exist.
pub fn read_or_create(folder: &Path, name: &str) -> io::Result<KeyFile> {
    let path = folder.join(name);
    let origin = if path.exists() { KeyOrigin::Existing } else { KeyOrigin::Created };
    if origin == KeyOrigin::Created {
        private_files::create(&path, &format!("{}\n", secret::generate()))?;
    }
    let text = fs::read_to_string(&path)?;
    let key = Secret::new(text.trim()).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(KeyFile { key, path, origin })
}
