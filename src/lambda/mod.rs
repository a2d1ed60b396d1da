//! The handlers of the Lambda functions, and the settings that they read at their start.

mod alexa;
mod api;
mod dead_letters;
mod deferral;
mod deliver;
mod fanout;
mod import;
mod ingest;
pub mod log;
mod notify;
mod sqs_event;
pub mod stream_event;

pub use self::alexa::AlexaSkill;
pub use self::api::router;
pub use self::deliver::Deliver;
pub use self::fanout::Fanout;
pub use self::import::{Importer, ObjectsCreated};
pub use self::ingest::Ingest;

use std::env;
use std::fmt::Display;
use std::str::FromStr;

use anyhow::{Context as _, anyhow};

/// Reads a setting, which the template sets in the function's environment. It must not be empty.
fn required_setting(name: &str) -> anyhow::Result<String> {
    optional_setting(name).with_context(|| format!("{name} is not set; set it in the function's environment"))
}

/// Parses a setting. Returns `None` if it is absent or empty.
fn parsed_setting<T: FromStr>(name: &str) -> anyhow::Result<Option<T>>
where
    T::Err: Display,
{
    let parse = |text: String| text.parse().map_err(|error| anyhow!("{name} is invalid ({text}): {error}"));
    optional_setting(name).map(parse).transpose()
}

/// Reads a setting. Returns `None` if it is absent or empty.
fn optional_setting(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
