//! The command line: `countmein serve` runs the server, every other command is a client of one.
//!
//! Each command is a file here that turns its arguments into requests and their answers into lines. How a
//! command can fail, and which exit code that is, stands in `failure`.

mod access;
mod address;
mod button;
mod cancel;
mod choice;
mod client;
mod completions;
mod correction;
#[cfg(feature = "aws")]
mod ensure_table;
mod export;
mod failure;
mod import;
mod inbox;
mod logging;
mod mqtt;
mod notifications;
mod organiser_key;
mod output;
mod rejects;
#[cfg(feature = "aws")]
mod remote;
mod remove;
mod serve;
mod signup;
mod terminal;
#[cfg(feature = "aws")]
mod texting;
mod who;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::failure::Failure;

const EXAMPLES: &str = "\
Without a command it serves: `countmein --listen 0.0.0.0:8100` is `countmein serve --listen 0.0.0.0:8100`.

Examples:
  countmein                                  start a server here, with its data in ./countmein-data
  countmein signup 'Pizza Night' Ana         count Ana in
  countmein who 'Pizza Night'                who is coming
  countmein who 'Pizza Night' --json | jq .count
  countmein help rejects                     more about a command

Exit codes:
  0  done
  1  the server refused it or did not find it, you said no, or the server could not run
  2  wrong usage: an argument or a setting is missing or wrong
  3  no server could be reached, or its answer broke off";

/// People say "count me in" to an event, and everybody sees who is coming.
#[derive(Debug, Parser)]
#[command(name = "countmein", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Args>),
    Signup(signup::Args),
    Cancel(cancel::Args),
    Who(who::Args),
    Inbox(inbox::Args),
    Button(button::Args),
    Rejects(rejects::Args),
    Import(import::Args),
    Export(export::Args),
    Remove(remove::Args),
    #[cfg(feature = "aws")]
    EnsureTable(ensure_table::Args),
    Completions(completions::Args),
}

/// Runs the command line and says how it ended. What went wrong is said on stderr.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(naming_a_command(arguments)) {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to be told if the terminal is gone.
            let _ = error.print();
            return u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    let json = cli.command.wants_json();
    match cli.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

impl Command {
    fn run(self) -> Result<(), Failure> {
        match self {
            Self::Serve(args) => args.run(),
            Self::Signup(args) => args.run(),
            Self::Cancel(args) => args.run(),
            Self::Who(args) => args.run(),
            Self::Inbox(args) => args.run(),
            Self::Button(args) => args.run(),
            Self::Rejects(args) => args.run(),
            Self::Import(args) => args.run(),
            Self::Export(args) => args.run(),
            Self::Remove(args) => args.run(),
            #[cfg(feature = "aws")]
            Self::EnsureTable(args) => args.run(),
            Self::Completions(args) => args.run(),
        }
    }

    fn wants_json(&self) -> bool {
        match self {
            Self::Serve(_) | Self::Completions(_) => false,
            Self::Signup(args) => args.server.json,
            Self::Cancel(args) => args.server.json,
            Self::Who(args) => args.server.json,
            Self::Inbox(args) => args.json,
            Self::Button(args) => args.wants_json(),
            Self::Rejects(args) => args.wants_json(),
            Self::Import(args) => args.server.json,
            Self::Export(args) => args.wants_json(),
            Self::Remove(args) => args.server.json,
            #[cfg(feature = "aws")]
            Self::EnsureTable(args) => args.json,
        }
    }
}

/// Puts `serve` where no command is named. Were its options the program's own instead, a bad `COUNTMEIN_LISTEN`
/// would stop every other command too.
fn naming_a_command(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.is_empty() {
        arguments.push("countmein".into());
    }
    let names_none = arguments.get(1).is_none_or(|first| {
        first.as_encoded_bytes().starts_with(b"-")
            && !["-h", "--help", "-V", "--version"].iter().any(|ask| first == ask)
    });
    if names_none {
        arguments.insert(1, "serve".into());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
        let arguments = std::iter::once("countmein").chain(arguments.iter().copied());
        Cli::try_parse_from(naming_a_command(arguments.map(OsString::from)))
    }

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_is_serve() {
        assert!(matches!(parse(&[]).unwrap().command, Command::Serve(_)));
        assert!(matches!(parse(&["--rate-limit", "5"]).unwrap().command, Command::Serve(_)));
        assert!(matches!(parse(&["who", "Dance"]).unwrap().command, Command::Who(_)));
        let help = parse(&["--help"]).unwrap_err();
        assert_eq!(help.kind(), clap::error::ErrorKind::DisplayHelp);
        assert!(help.to_string().contains("Exit codes:"));
    }

    #[test]
    fn what_is_wrong_is_wrong_usage() {
        for arguments in [
            &["dance"][..],
            &["--json"],
            &["who"],
            &["who", "Dance", "--url", "ftp://example.org"],
            &["who", "a/b"],
            &["signup", "Dance"],
            &["signup", "Dance", "#Ana"],
            &["signup", "Dance", "Ana", "--contact", "0170 1234567"],
            &["cancel"],
            &["cancel", "Dance"],
            &["cancel", "Dance", "Ana", "--link", "https://example.org/events/dance/manage/x"],
            &["cancel", "--link", "example.org"],
            &["rejects"],
            &["rejects", "redrive", "m1", "--set", "name"],
            &["remove"],
            &["completions", "tcsh"],
        ] {
            let error = parse(arguments).expect_err(&format!("{arguments:?}"));
            assert_eq!(error.exit_code(), 2, "{arguments:?}");
        }
    }

    #[test]
    fn a_key_that_is_refused_is_not_shown() {
        let error = parse(&["rejects", "list", "--organiser-key", "hunter2"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(error.to_string().contains("is too short"), "{error}");
    }
}
