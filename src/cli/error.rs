//! Errors of the commands, with their messages and exit codes.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::terminal;

/// Each message says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{0}")]
    Usage(String),
    /// The server refused the request with a problem document (RFC 9457).
    #[error("{}", detail(.0))]
    Refused(Value),
    #[error("the server at {server} is not a Count Me In server; check the address")]
    NotCountMeIn { server: String },
    #[error("cannot connect to {server} ({cause}); {advice}")]
    Unreachable { server: String, cause: String, advice: &'static str },
    #[error("the response from {server} is incomplete ({cause}); {advice}")]
    IncompleteResponse { server: String, cause: String, advice: &'static str },
    #[error(
        "nothing was cancelled: this link belongs to another sign-up; use the personal link of the current sign-up"
    )]
    LinkOfAnotherSignup,
    #[error(
        "{name} is signed up, but it was not decided within {seconds} s whether there is a place; look at the personal \
         link later"
    )]
    PlaceNotDecided { name: String, seconds: u64 },
    #[error(
        "{name} is already on the list for {event}, so nobody was signed up; add an initial, or use the personal link of that sign-up"
    )]
    NameTaken { name: String, event: String },
    #[error("{name} is not on the list for {event}; look at the spelling")]
    NotOnTheList { name: String, event: String },
    #[error("nothing about {whom} was found; look at the spelling")]
    NothingFound { whom: String },
    #[error("nothing was removed, because you did not confirm")]
    NotConfirmed,
    #[error(
        "{refused} rows were refused and written to {file} with the reasons; correct them there and import that file"
    )]
    RowsRefused { refused: u64, file: String },
    #[error("{}", causes(.0))]
    Serve(anyhow::Error),
    #[cfg(feature = "aws")]
    #[error("{}", causes(.0))]
    Aws(anyhow::Error),
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl CliError {
    /// Prints the error on stderr, as a message or as a problem document.
    pub fn report(&self, json: bool) -> ExitCode {
        // A reader that closes the pipe early, such as `head`, has read all it needs, so this is not a failure.
        if matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        let mut stderr = io::stderr();
        if matches!(self, Self::Serve(_)) && !stderr.is_terminal() {
            // stderr is a log of JSON lines, so the error is one too.
            tracing::error!(error = %self, "the server could not run");
            return self.exit_code();
        }
        let line = if json {
            terminal::escape(&self.problem().to_string())
        } else {
            terminal::escape(&format!("error: {self}"))
        };
        // The error cannot be reported if stderr is closed.
        let _ = writeln!(stderr, "{line}");
        self.exit_code()
    }

    /// Whether the server answered that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(problem) if problem["status"] == 404)
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(_)
            | Self::NotCountMeIn { .. }
            | Self::LinkOfAnotherSignup
            | Self::NameTaken { .. }
            | Self::NotOnTheList { .. }
            | Self::NothingFound { .. }
            | Self::NotConfirmed
            | Self::RowsRefused { .. }
            | Self::Serve(_)
            | Self::Output(_) => ExitCode::from(1),
            #[cfg(feature = "aws")]
            Self::Aws(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
            Self::Unreachable { .. } | Self::IncompleteResponse { .. } => ExitCode::from(3),
            Self::PlaceNotDecided { .. } => ExitCode::from(4),
        }
    }

    fn problem(&self) -> Value {
        let title = match self {
            Self::Refused(problem) => return problem.clone(),
            Self::Usage(_) => "Usage error",
            Self::NotCountMeIn { .. } => "Not a Count Me In server",
            Self::Unreachable { .. } => "Cannot connect",
            Self::IncompleteResponse { .. } => "Incomplete response",
            Self::LinkOfAnotherSignup => "Link of another sign-up",
            Self::PlaceNotDecided { .. } => "Place not decided",
            Self::NameTaken { .. } => "Name taken",
            Self::NotOnTheList { .. } => "Not on the list",
            Self::NothingFound { .. } => "Nothing found",
            Self::NotConfirmed => "Not confirmed",
            Self::RowsRefused { .. } => "Rows refused",
            Self::Serve(_) => "The server could not run",
            #[cfg(feature = "aws")]
            Self::Aws(_) => "AWS error",
            Self::Output(_) => "Cannot write the output",
        };
        json!({"type": "about:blank", "title": title, "detail": self.to_string()})
    }
}

/// An error and its causes, each once. Many errors say their cause in their own text.
fn causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Prints an error of the command line itself on stderr: as a problem document if the arguments ask for JSON.
pub fn report_usage(error: &clap::Error, as_json: bool) -> ExitCode {
    let code = u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
    // The error cannot be reported if stderr is closed.
    let _ = if as_json && error.use_stderr() {
        let text = error.render().to_string();
        let detail = text.trim().trim_start_matches("error: ");
        let problem = json!({"type": "about:blank", "title": "Usage error", "detail": detail});
        writeln!(io::stderr(), "{}", terminal::escape(&problem.to_string()))
    } else {
        error.print()
    };
    code
}

/// Whether a body is a problem document. Other error bodies come from a proxy or from another server.
pub fn is_problem(body: &Value) -> bool {
    message(body).is_some()
}

fn detail(problem: &Value) -> &str {
    message(problem).unwrap_or("the server refused the request")
}

fn message(problem: &Value) -> Option<&str> {
    let text = |field| problem.get(field).and_then(Value::as_str);
    text("detail").or_else(|| text("title"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot open the database: {0}")]
    struct SaysItsCause(#[source] io::Error);

    #[test]
    fn each_cause_is_said_once() {
        let error = anyhow::Error::from(SaysItsCause(io::Error::other("the disk is full")));
        assert_eq!(causes(&error), "cannot open the database: the disk is full");
        let error = error.context("the server cannot start");
        assert_eq!(causes(&error), "the server cannot start: cannot open the database: the disk is full");
        assert_eq!(causes(&anyhow::anyhow!("one")), "one");
    }
}
