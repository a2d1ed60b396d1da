//! The functions: what each reads at its start, and what it does with an event.

mod api;
mod fanout;
mod ingest;

pub use self::api::router;
pub use self::fanout::Fanout;
pub use self::ingest::Ingest;

use std::env;

use anyhow::Context as _;

/// A setting that the template gives; all of them begin with `COUNTMEIN_`.
fn setting(name: &str) -> anyhow::Result<String> {
    optional_setting(name).with_context(|| format!("{name} is not set; the function's environment must have it"))
}

/// None if it is absent or empty.
fn optional_setting(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
