//! Asks for confirmation on the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use super::error::CliError;
use super::terminal;

/// Asks a question, which must end with `?`.
///
/// # Errors
/// Returns an error if the answer is not yes, or if stdin is not a terminal.
pub fn confirm(question: &str) -> Result<(), CliError> {
    let stdin = io::stdin().lock();
    if !stdin.is_terminal() {
        return Err(CliError::Usage(
            "cannot ask for confirmation, because stdin is not a terminal; pass --yes to skip it".into(),
        ));
    }
    let mut stderr = io::stderr();
    write!(stderr, "{} This cannot be undone. [y/N] ", terminal::escape(question))?;
    stderr.flush()?;
    if is_yes(stdin)? { Ok(()) } else { Err(CliError::NotConfirmed) }
}

fn is_yes(mut answer: impl BufRead) -> io::Result<bool> {
    let mut line = String::new();
    answer.read_line(&mut line)?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_y_or_yes() {
        for (answer, yes) in
            [("y\n", true), (" YES \n", true), ("\n", false), ("", false), ("no\n", false), ("yep", false)]
        {
            assert_eq!(is_yes(answer.as_bytes()).unwrap(), yes, "{answer:?}");
        }
    }
}
