//! The organiser's key: where a command reads it from, and to which servers it may be sent.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};
use url::Url;

use super::address::is_loopback;
use super::error::CliError;
use crate::app::keys::ORGANISER_KEY;
use crate::domain::secret::Secret;

/// Arguments of a command that needs the organiser's key.
#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    /// Organiser's key. Prefer the environment variable: other users of this machine can see the command line
    #[arg(long, value_name = "KEY", env = "COUNTMEIN_ORGANISER_KEY", hide_env_values = true, value_parser = KeyParser)]
    pub organiser_key: Option<Secret>,

    /// Data folder of a server on this machine. The organiser's key is read from it if --organiser-key is not set
    #[arg(long, value_name = "FOLDER", env = "COUNTMEIN_DATA", default_value = "./countmein-data")]
    pub data: PathBuf,
}

impl KeyArgs {
    /// Returns the key for this server: the key in the arguments, or the key in the data folder if the server is on
    /// this machine.
    pub fn key_for(&self, server: &Url) -> Result<Secret, CliError> {
        if let Some(key) = &self.organiser_key {
            return Ok(key.clone());
        }
        let key_in_folder = if is_loopback(server) { read_key(&self.data) } else { None };
        key_in_folder.ok_or_else(|| {
            let data_hint = if is_loopback(server) {
                format!(
                    ", or pass the server's data folder with --data (cannot read {ORGANISER_KEY} in {})",
                    self.data.display()
                )
            } else {
                String::new()
            };
            CliError::Usage(format!(
                "this command needs the organiser's key; set COUNTMEIN_ORGANISER_KEY or pass --organiser-key{data_hint}"
            ))
        })
    }
}

fn read_key(folder: &Path) -> Option<Secret> {
    let text = fs::read_to_string(folder.join(ORGANISER_KEY)).ok()?;
    parse(text.trim()).ok()
}

fn parse(text: &str) -> Result<Secret, String> {
    // A header value loses leading and trailing spaces, and only ASCII arrives unchanged everywhere.
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("must consist of printable ASCII characters without spaces".into());
    }
    Secret::new(text).map_err(|problem| problem.to_string())
}

/// Parses a key. Unlike clap's own parsers, it never repeats an invalid value in the error.
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

    fn key_for(server: &str, given: Option<&str>, folder: &Path) -> Result<String, CliError> {
        let organiser_key = given.map(|key| parse(key).unwrap());
        let args = KeyArgs { organiser_key, data: folder.to_owned() };
        let key = args.key_for(&Url::parse(server).unwrap())?;
        Ok(String::from_utf8(key.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn given_key_overrides_file() {
        let folder = folder_with(IN_FILE);
        assert_eq!(key_for("http://127.0.0.1:8100", Some(GIVEN), folder.path()).unwrap(), GIVEN);
        assert_eq!(key_for("https://example.org", Some(GIVEN), folder.path()).unwrap(), GIVEN);
    }

    #[test]
    fn key_file_is_for_loopback_only() {
        let folder = folder_with("the-key-in-the-file\n");
        assert_eq!(key_for("http://127.0.0.1:8100", None, folder.path()).unwrap(), IN_FILE);
        assert_eq!(key_for("http://localhost", None, folder.path()).unwrap(), IN_FILE);
        for server in ["https://example.org", "http://10.0.0.1:8100", "https://localhost.example.org"] {
            assert!(matches!(key_for(server, None, folder.path()), Err(CliError::Usage(_))), "{server}");
        }
    }

    #[test]
    fn missing_key_error_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let here = key_for("http://127.0.0.1:8100", None, folder.path()).unwrap_err().to_string();
        assert!(here.contains("COUNTMEIN_ORGANISER_KEY") && here.contains("--data"), "{here}");
        let there = key_for("https://example.org", None, folder.path()).unwrap_err().to_string();
        assert!(there.contains("COUNTMEIN_ORGANISER_KEY") && !there.contains("--data"), "{there}");
    }

    #[test]
    fn rejects_key_unfit_for_header() {
        for text in ["", "too-short", "with spaces in between", "with-ümlauts-in-between", "with-a-line-break\n"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
