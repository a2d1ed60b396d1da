//! The command line: `countmein serve` runs the server, every other command is a client of one.
//!
//! Each command has a file here. It turns its arguments into requests, and the responses into lines. The module `error`
//! lists the ways in which a command can fail, and their exit codes.

mod address;
mod button;
mod cancel;
mod choice;
mod client;
mod completions;
mod confirmation;
mod corrections;
#[cfg(feature = "aws")]
mod ensure_table;
mod error;
mod event;
mod event_deletion;
mod event_fields;
mod event_list;
mod event_places;
mod event_target;
mod export;
mod host_link;
mod import;
mod inbox;
mod logging;
mod mqtt;
mod notifications;
mod organiser_args;
mod organiser_key;
mod outbox;
mod output;
mod person;
mod places;
mod rejects;
mod remove;
mod serve;
mod signup;
mod signup_wait;
#[cfg(feature = "aws")]
mod sms;
mod spinner;
#[cfg(feature = "aws")]
mod storage;
mod terminal;
#[cfg(feature = "aws")]
mod upgrade_table;
mod who;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::error::CliError;

const EXAMPLES: &str = "\
Without a command, countmein runs `serve`: `countmein --listen 0.0.0.0:8100` starts a server.

Examples:
  countmein                                  start a server with its data in ./countmein-data
  countmein signup 'Pizza Night' Ana         sign Ana up
  countmein event create 'Pizza Night'       create an event, and print its links
  countmein who 'Pizza Night'                list the attendees
  countmein who 'Pizza Night' --json | jq .count
  countmein help rejects                     show the help of a command

Exit codes:
  0  success
  1  the server refused the request, you did not confirm, or the server could not run
  2  usage error: an argument or a setting is missing or invalid
  3  no server could be reached, or its response was incomplete
  4  `signup --wait`: it was not decided in time whether there is a place";

/// Sign up for events and see who is coming
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
    Event(Box<event::Args>),
    Inbox(inbox::Args),
    Button(button::Args),
    Rejects(rejects::Args),
    Outbox(outbox::Args),
    Import(import::Args),
    Export(export::Args),
    Remove(remove::Args),
    Person(Box<person::Args>),
    #[cfg(feature = "aws")]
    EnsureTable(ensure_table::Args),
    #[cfg(feature = "aws")]
    UpgradeTable(upgrade_table::Args),
    Completions(completions::Args),
}

/// Runs the command line and returns its exit code. Errors are printed on stderr.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let as_json = arguments.iter().any(|argument| argument == "--json");
    let cli = match parse(arguments) {
        Ok(cli) => cli,
        Err(error) => return error::report_usage(&error, as_json),
    };
    let json = cli.command.wants_json();
    match cli.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(json),
    }
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut matches = Cli::command().try_get_matches_from(with_command(arguments))?;
    #[cfg(feature = "aws")]
    if let Some(serve) = matches.subcommand_matches("serve") {
        storage::refuse_notification_settings(serve)?;
    }
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut Cli::command()))
}

impl Command {
    fn run(self) -> Result<(), CliError> {
        match self {
            Self::Serve(args) => args.run(),
            Self::Signup(args) => args.run(),
            Self::Cancel(args) => args.run(),
            Self::Who(args) => args.run(),
            Self::Event(args) => args.run(),
            Self::Inbox(args) => args.run(),
            Self::Button(args) => args.run(),
            Self::Rejects(args) => args.run(),
            Self::Outbox(args) => args.run(),
            Self::Import(args) => args.run(),
            Self::Export(args) => args.run(),
            Self::Remove(args) => args.run(),
            Self::Person(args) => args.run(),
            #[cfg(feature = "aws")]
            Self::EnsureTable(args) => args.run(),
            #[cfg(feature = "aws")]
            Self::UpgradeTable(args) => args.run(),
            Self::Completions(args) => args.run(),
        }
    }

    fn wants_json(&self) -> bool {
        match self {
            Self::Serve(_) | Self::Completions(_) => false,
            Self::Signup(args) => args.server.json,
            Self::Cancel(args) => args.server.json,
            Self::Who(args) => args.server.json,
            Self::Event(args) => args.wants_json(),
            Self::Inbox(args) => args.json,
            Self::Button(args) => args.wants_json(),
            Self::Rejects(args) => args.wants_json(),
            Self::Outbox(args) => args.wants_json(),
            Self::Import(args) => args.server.json,
            Self::Export(args) => args.wants_json(),
            Self::Remove(args) => args.server.json,
            Self::Person(args) => args.wants_json(),
            #[cfg(feature = "aws")]
            Self::EnsureTable(args) => args.json,
            #[cfg(feature = "aws")]
            Self::UpgradeTable(args) => args.json,
        }
    }
}

/// Inserts `serve` if the arguments name no command. The options of `serve` are not options of the program itself,
/// because then an invalid `COUNTMEIN_LISTEN` would stop every other command.
fn with_command(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.is_empty() {
        arguments.push("countmein".into());
    }
    let is_command_missing = arguments.get(1).is_none_or(|first| {
        first.as_encoded_bytes().starts_with(b"-")
            && !["-h", "--help", "-V", "--version"].iter().any(|flag| first == flag)
    });
    if is_command_missing {
        arguments.insert(1, "serve".into());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
        let arguments = std::iter::once("countmein").chain(arguments.iter().copied());
        super::parse(arguments.map(OsString::from))
    }

    #[test]
    fn command_definitions_are_valid() {
        Cli::command().debug_assert();
    }

    /// A line that is wider than the help is broken at another place than its author chose.
    #[test]
    fn examples_fit_into_the_help() {
        fn check(command: &clap::Command) {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in after.lines().filter(|line| line.starts_with("  ")) {
                assert!(line.chars().count() <= 100, "{}: {line}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn default_command_is_serve() {
        assert!(matches!(parse(&[]).unwrap().command, Command::Serve(_)));
        assert!(matches!(parse(&["--rate-limit", "5"]).unwrap().command, Command::Serve(_)));
        assert!(matches!(parse(&["who", "Dance"]).unwrap().command, Command::Who(_)));
        let help = parse(&["--help"]).unwrap_err();
        assert_eq!(help.kind(), clap::error::ErrorKind::DisplayHelp);
        assert!(help.to_string().contains("Exit codes:"));
    }

    #[test]
    fn invalid_arguments_exit_with_2() {
        for arguments in [
            &["dance"][..],
            &["--json"],
            &["who"],
            &["who", "Dance", "--url", "ftp://example.org"],
            &["who", "🎉"],
            &["signup", "Dance"],
            &["signup", "Dance", "#Ana"],
            &["signup", "Dance", "Ana", "--contact", "0170 1234567"],
            &["cancel"],
            &["cancel", "Dance"],
            &["cancel", "Dance", "Ana", "--link", "https://example.org/events/dance/manage/x"],
            &["cancel", "--link", "example.org"],
            &["event"],
            &["event", "create"],
            &["event", "edit"],
            &["event", "create", "Dance", "--guests", "51"],
            &["event", "create", "Dance", "--zone", "Berlin"],
            &["event", "delete"],
            &["event", "cancel", "--link", "https://example.org/events/dance"],
            &["event", "link", "Dance", "--role", "owner"],
            &["rejects"],
            &["outbox"],
            &["outbox", "retry"],
            &["rejects", "redrive", "m1", "--set", "name"],
            &["remove"],
            &["person"],
            &["person", "export"],
            &["person", "export", "ana@example.org", "--name", "--contact"],
            &["completions", "tcsh"],
        ] {
            let error = parse(arguments).expect_err(&format!("{arguments:?}"));
            assert_eq!(error.exit_code(), 2, "{arguments:?}");
        }
    }

    #[test]
    fn error_hides_invalid_key() {
        let error = parse(&["rejects", "list", "--organiser-key", "hunter2"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(error.to_string().contains("is too short"), "{error}");
    }
}
