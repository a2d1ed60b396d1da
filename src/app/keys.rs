//! The organiser's key, and the other keys of the data folder.

use std::path::Path;

use anyhow::Context as _;

use crate::app::key_file::{self, KeyFile, KeyOrigin};
use crate::app::settings::Settings;
use crate::domain::secret::Secret;

/// File name of the organiser's key in the data folder.
pub const ORGANISER_KEY: &str = "organiser.key";

/// The organiser's key, and its location in words for the log.
pub struct OrganiserKey {
    pub key: Secret,
    pub location: String,
}

/// Returns the organiser's key from the settings, or from the data folder if the settings contain none.
pub fn organiser_key(settings: &Settings) -> anyhow::Result<OrganiserKey> {
    match &settings.organiser_key {
        Some(key) => Ok(OrganiserKey { key: key.clone(), location: "from the settings".to_owned() }),
        None => {
            let file = read_or_create_key(&settings.data, ORGANISER_KEY)?;
            let path = file.path.display();
            let location = match file.origin {
                KeyOrigin::Created => format!("created in {path}"),
                KeyOrigin::Existing => format!("in {path}"),
            };
            Ok(OrganiserKey { key: file.key, location })
        }
    }
}

/// Reads a key from the data folder. Creates it if it does not exist.
pub fn read_or_create_key(folder: &Path, name: &str) -> anyhow::Result<KeyFile> {
    key_file::read_or_create(folder, name)
        .with_context(|| format!("cannot read or create {name} in {}", folder.display()))
}
