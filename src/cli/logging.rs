//! The server's log.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use super::error::CliError;

/// Starts the log on stderr: readable lines if stderr is a terminal, JSON lines otherwise. `RUST_LOG` sets the level;
/// the default is `info`.
pub fn start() -> Result<(), CliError> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env().map_err(|error| {
        CliError::Usage(format!("invalid RUST_LOG: {error}; use a filter such as info,countmein=debug"))
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = if io::stderr().is_terminal() {
        lines.try_init()
    } else {
        lines.json().flatten_event(true).with_span_list(false).try_init()
    };
    started.map_err(|error| CliError::Serve(anyhow::Error::from_boxed(error).context("cannot start the log")))
}
