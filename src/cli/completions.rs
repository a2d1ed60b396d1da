use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use super::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  countmein completions bash > ~/.local/share/bash-completion/completions/countmein
  countmein completions fish > ~/.config/fish/completions/countmein.fish
  source <(countmein completions zsh)";

/// Write the script with which a shell completes these commands
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    shell: Shell,
}

impl Args {
    pub fn run(self) -> Result<(), Failure> {
        // Into memory first, since the generator panics where it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "countmein", &mut script);
        let mut out = io::stdout().lock();
        out.write_all(&script)?;
        Ok(out.flush()?)
    }
}
