//! The organiser's key: where it comes from, and where it may go.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};
use url::Url;

use super::address::is_loopback;
use super::failure::Failure;
use crate::app::keys::ORGANISER_KEY;
use crate::domain::secret::Secret;

/// What a command that needs the organiser's key is told.
#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    /// The organiser's key; better given in the environment, since others on this machine can see a command line
    #[arg(long, value_name = "KEY", env = "COUNTMEIN_ORGANISER_KEY", hide_env_values = true, value_parser = KeyParser)]
    pub organiser_key: Option<Secret>,

    /// The data folder of a server on this machine, to read its key from if none is given
    #[arg(long, value_name = "FOLDER", env = "COUNTMEIN_DATA", default_value = "./countmein-data")]
    pub data: PathBuf,
}

impl KeyArgs {
    /// The key for this server: the given one, or, if the server is on this machine, the one in the data folder.
    pub fn key_for(&self, server: &Url) -> Result<Secret, Failure> {
        if let Some(key) = &self.organiser_key {
            return Ok(key.clone());
        }
        let found = if is_loopback(server) { read(&self.data) } else { None };
        found.ok_or_else(|| {
            let place = if is_loopback(server) {
                format!(
                    ", or name the server's data folder with --data (there is no readable {ORGANISER_KEY} in {})",
                    self.data.display()
                )
            } else {
                String::new()
            };
            Failure::Usage(format!(
                "this needs the organiser's key; give it in COUNTMEIN_ORGANISER_KEY or with --organiser-key{place}"
            ))
        })
    }
}

fn read(folder: &Path) -> Option<Secret> {
    let text = fs::read_to_string(folder.join(ORGANISER_KEY)).ok()?;
    parse(text.trim()).ok()
}

fn parse(text: &str) -> Result<Secret, String> {
    // What stands in a header loses its outer spaces, and must be ASCII to arrive the same everywhere.
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("may hold printable ASCII characters without spaces only".into());
    }
    Secret::new(text).map_err(|problem| problem.to_string())
}

/// Reads a key like any value, but never repeats it in an error, as clap would.
#[derive(Debug, Clone)]
pub struct KeyParser;

impl TypedValueParser for KeyParser {
    type Value = Secret;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Secret, clap::Error> {
        value.to_str().ok_or_else(|| "is not UTF-8".to_owned()).and_then(parse).map_err(|problem| {
            let message = format!("the key in --organiser-key or COUNTMEIN_ORGANISER_KEY {problem}");
            command.clone().error(ErrorKind::ValueValidation, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_FILE: &str = "the-key-in-the-file";
    const GIVEN: &str = "the-key-that-was-given";

    fn folder_with(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(ORGANISER_KEY), text).unwrap();
        folder
    }

    fn key_for(server: &str, given: Option<&str>, folder: &Path) -> Result<String, Failure> {
        let organiser_key = given.map(|key| parse(key).unwrap());
        let args = KeyArgs { organiser_key, data: folder.to_owned() };
        let key = args.key_for(&Url::parse(server).unwrap())?;
        Ok(String::from_utf8(key.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn the_given_key_comes_before_the_file() {
        let folder = folder_with(IN_FILE);
        assert_eq!(key_for("http://127.0.0.1:8100", Some(GIVEN), folder.path()).unwrap(), GIVEN);
        assert_eq!(key_for("https://example.org", Some(GIVEN), folder.path()).unwrap(), GIVEN);
    }

    #[test]
    fn the_key_in_the_file_is_for_this_machine_alone() {
        let folder = folder_with("the-key-in-the-file\n");
        assert_eq!(key_for("http://127.0.0.1:8100", None, folder.path()).unwrap(), IN_FILE);
        assert_eq!(key_for("http://localhost", None, folder.path()).unwrap(), IN_FILE);
        for server in ["https://example.org", "http://10.0.0.1:8100", "https://localhost.example.org"] {
            assert!(matches!(key_for(server, None, folder.path()), Err(Failure::Usage(_))), "{server}");
        }
    }

    #[test]
    fn without_a_key_it_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let here = key_for("http://127.0.0.1:8100", None, folder.path()).unwrap_err().to_string();
        assert!(here.contains("COUNTMEIN_ORGANISER_KEY") && here.contains("--data"), "{here}");
        let there = key_for("https://example.org", None, folder.path()).unwrap_err().to_string();
        assert!(there.contains("COUNTMEIN_ORGANISER_KEY") && !there.contains("--data"), "{there}");
    }

    #[test]
    fn a_key_that_would_not_arrive_is_refused() {
        for text in ["", "too-short", "with spaces in between", "with-ümlauts-in-between", "with-a-line-break\n"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
