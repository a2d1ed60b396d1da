//! How a command fails: what is said, and which exit code that is.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::terminal;

/// Each kind has its sentence, which says what happened and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Usage(String),
    /// The server said no, in a problem document (RFC 9457).
    #[error("{}", detail(.0))]
    Refused(Value),
    #[error("what answers at {server} is not a Count Me In server; check the address")]
    Strange { server: String },
    #[error("no server answers at {server} ({cause}); {advice}")]
    Unreachable { server: String, cause: String, advice: &'static str },
    #[error("the server at {server} gave no whole answer ({cause}); {advice}")]
    BrokenOff { server: String, cause: String, advice: &'static str },
    #[error(
        "nothing was cancelled: this link does not belong to the sign-up that counts now; use the link of that one"
    )]
    NotYours,
    #[error("nothing was removed")]
    Declined,
    #[error("{refused} rows were refused; they are in {file} with the reasons: correct them there, and import that")]
    RowsRefused { refused: u64, file: String },
    #[error("{0:#}")]
    Serve(anyhow::Error),
    #[cfg(feature = "aws")]
    #[error("{0:#}")]
    Aws(anyhow::Error),
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// Says on stderr what happened, as a sentence or as a problem document.
    pub fn report(&self, json: bool) -> ExitCode {
        // Whoever reads only the beginning, as `head` does, has what they wanted.
        if matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        let mut stderr = io::stderr();
        if matches!(self, Self::Serve(_)) && !stderr.is_terminal() {
            // stderr is a log of JSON lines, to its end.
            tracing::error!(error = %self, "the server could not run");
            return self.exit_code();
        }
        let line = if json {
            terminal::visible(&self.problem().to_string())
        } else {
            terminal::visible(&format!("error: {self}"))
        };
        // Nobody is left to be told if the terminal is gone.
        let _ = writeln!(stderr, "{line}");
        self.exit_code()
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(_)
            | Self::Strange { .. }
            | Self::NotYours
            | Self::Declined
            | Self::RowsRefused { .. }
            | Self::Serve(_)
            | Self::Output(_) => ExitCode::from(1),
            #[cfg(feature = "aws")]
            Self::Aws(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
            Self::Unreachable { .. } | Self::BrokenOff { .. } => ExitCode::from(3),
        }
    }

    fn problem(&self) -> Value {
        let title = match self {
            Self::Refused(problem) => return problem.clone(),
            Self::Usage(_) => "Wrong usage",
            Self::Strange { .. } => "Not a Count Me In server",
            Self::Unreachable { .. } => "No server answers",
            Self::BrokenOff { .. } => "No whole answer",
            Self::NotYours => "Not your sign-up",
            Self::Declined => "Not confirmed",
            Self::RowsRefused { .. } => "Rows were refused",
            Self::Serve(_) => "The server could not run",
            #[cfg(feature = "aws")]
            Self::Aws(_) => "AWS could not do it",
            Self::Output(_) => "Cannot write",
        };
        json!({"type": "about:blank", "title": title, "detail": self.to_string()})
    }
}

/// Whether a refusal is one of ours, and not that of something on the way.
pub fn is_problem(answer: &Value) -> bool {
    text_of(answer).is_some()
}

fn detail(problem: &Value) -> &str {
    text_of(problem).unwrap_or("the server refused it")
}

fn text_of(problem: &Value) -> Option<&str> {
    let text = |field| problem.get(field).and_then(Value::as_str);
    text("detail").or_else(|| text("title"))
}
