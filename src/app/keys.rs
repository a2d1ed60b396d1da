//! The keys of a data folder.

use std::path::Path;

use anyhow::Context as _;

use crate::app::key_file::{self, KeyFile};
use crate::app::settings::Settings;
use crate::domain::secret::Secret;

/// The name of the organiser's key in the data folder.
pub const ORGANISER_KEY: &str = "organiser.key";

/// The organiser's key, and where the operator finds it.
pub struct OrganiserKey {
    pub key: Secret,
    pub whereabouts: String,
}

/// The organiser's key as given, or of the data folder.
pub fn organiser_key(settings: &Settings) -> anyhow::Result<OrganiserKey> {
    match &settings.organiser_key {
        Some(key) => Ok(OrganiserKey { key: key.clone(), whereabouts: "as given".to_owned() }),
        None => {
            let file = key_of(&settings.data, ORGANISER_KEY)?;
            let made = if file.is_new { "made just now, in" } else { "in" };
            Ok(OrganiserKey { key: file.key, whereabouts: format!("{made} {}", file.path.display()) })
        }
    }
}

/// A key of the data folder.
pub fn key_of(folder: &Path, name: &str) -> anyhow::Result<KeyFile> {
    key_file::read_or_make(folder, name).with_context(|| format!("cannot read {name} in {}", folder.display()))
}
