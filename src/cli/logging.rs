//! The server's log.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use super::failure::Failure;

/// Lines for a person if stderr is a terminal, else JSON; what `RUST_LOG` asks for, by default `info`.
pub fn start() -> Result<(), Failure> {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env()
        .map_err(|error| Failure::Usage(format!("RUST_LOG is wrong: {error}; write it like info,countmein=debug")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = if io::stderr().is_terminal() {
        lines.try_init()
    } else {
        lines.json().flatten_event(true).with_span_list(false).try_init()
    };
    started.map_err(|error| Failure::Serve(anyhow::Error::from_boxed(error).context("cannot start the log")))
}
