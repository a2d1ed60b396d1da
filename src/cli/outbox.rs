//! `countmein outbox`: lists, retries and drops messages that wait to be sent.

use clap::Subcommand;
use serde::Deserialize;

use super::error::CliError;
use super::organiser_args::OrganiserArgs;

const EXAMPLES: &str = "\
Examples:
  countmein outbox list
  countmein outbox retry 17
  countmein outbox drop 17

Opt-in requests, personal links that are sent again and digests wait in the outbox until they are sent. What a mail \
server refuses for now, or what exceeds a limit, is tried again for a day.";

/// List, retry or drop messages that wait to be sent (needs the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the messages, and why they could not be sent yet
    List(List),
    /// Try to send a message now
    Retry(OneMessage),
    /// Drop a message, so that it is not sent
    Drop(OneMessage),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    organiser: OrganiserArgs,
}

#[derive(Debug, clap::Args)]
struct OneMessage {
    /// Id of the message, as `outbox list` shows it
    id: String,

    #[command(flatten)]
    organiser: OrganiserArgs,
}

#[derive(Deserialize)]
struct Outbox {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    id: String,
    kind: String,
    event: String,
    name: String,
    due_at: String,
    attempts: u32,
    last_failure: Option<String>,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        match self.command {
            Command::List(args) => args.run(),
            Command::Retry(args) => args.change("retry", "is tried again now"),
            Command::Drop(args) => args.change("drop", "was dropped"),
        }
    }

    pub fn wants_json(&self) -> bool {
        match &self.command {
            Command::List(args) => args.organiser.server.json,
            Command::Retry(args) | Command::Drop(args) => args.organiser.server.json,
        }
    }
}

impl List {
    fn run(&self) -> Result<(), CliError> {
        let response = self.organiser.client()?.get_all(&["organiser", "outbox"], &[], "messages")?;
        self.organiser.print(&response, || {
            let Outbox { messages } = response.read()?;
            if messages.is_empty() {
                return Ok(vec!["No messages wait.".to_owned()]);
            }
            Ok(messages.iter().map(Message::line).collect())
        })
    }
}

impl Message {
    fn line(&self) -> String {
        let Self { id, kind, event, name, due_at, attempts, last_failure } = self;
        let kind = kind.replace('_', " ");
        let failure = last_failure.as_deref().map(|failure| format!(": {failure}")).unwrap_or_default();
        format!("{id:<6}  {kind:<14}  {name} on {event}; next attempt {due_at}, after {attempts}{failure}")
    }
}

impl OneMessage {
    fn change(&self, action: &str, done: &str) -> Result<(), CliError> {
        let response = self.organiser.client()?.post_empty(&["organiser", "outbox", &self.id, action])?;
        self.organiser.print(&response, || Ok(vec![format!("Message {} {done}.", self.id)]))
    }
}
