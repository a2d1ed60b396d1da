//! The functions: what each reads at its start, and what it does with an event.

mod alexa;
mod api;
mod fanout;
mod import;
mod ingest;
mod notify;
mod sqs_event;
pub mod stream_event;

pub use self::alexa::AlexaSkill;
pub use self::api::router;
pub use self::fanout::Fanout;
pub use self::import::{Importer, ObjectsMade};
pub use self::ingest::Ingest;

use std::env;
use std::fmt::Display;
use std::str::FromStr;

use anyhow::{Context as _, anyhow};

/// A setting that the template gives; all of them begin with `COUNTMEIN_`.
fn setting(name: &str) -> anyhow::Result<String> {
    optional_setting(name).with_context(|| format!("{name} is not set; the function's environment must have it"))
}

/// A setting of some form; None if it is absent or empty.
fn parsed_setting<T: FromStr>(name: &str) -> anyhow::Result<Option<T>>
where
    T::Err: Display,
{
    let parse = |text: String| text.parse().map_err(|error| anyhow!("{name} is {text}: {error}"));
    optional_setting(name).map(parse).transpose()
}

/// None if it is absent or empty.
fn optional_setting(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
