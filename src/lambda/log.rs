//! The log of a function.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// Starts the log. It writes one JSON line per event to stdout, with the time, the level and the request id. `RUST_LOG`
/// sets the level; the default is `info`. The first line of a process marks its cold start.
pub fn start() -> anyhow::Result<()> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env()?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(io::stdout)
        .try_init()
        .map_err(anyhow::Error::from_boxed)?;
    tracing::info!(cold_start = true, version = env!("CARGO_PKG_VERSION"), "function started");
    Ok(())
}
