//! `countmein completions`: prints a completion script for a shell.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use super::error::CliError;

const EXAMPLES: &str = "\
Examples:
  countmein completions bash > ~/.local/share/bash-completion/completions/countmein
  countmein completions fish > ~/.config/fish/completions/countmein.fish
  source <(countmein completions zsh)";

/// Print a shell completion script
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Shell to print the script for
    shell: Shell,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        // The generator panics if it cannot write, so it writes to memory.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "countmein", &mut script);
        let mut out = io::stdout().lock();
        out.write_all(&script)?;
        Ok(out.flush()?)
    }
}
