//! `countmein rejects`: lists, shows, redrives and discards rejected messages.

use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};

use super::corrections::{self, Assignment};
use super::error::CliError;
use super::organiser_args::OrganiserArgs;
use super::output;

const EXAMPLES: &str = "\
Examples:
  countmein rejects list
  countmein rejects show 01977a4e-6b0c
  countmein rejects redrive 01977a4e-6b0c --set name=Ada --unset contact
  countmein rejects discard 01977a4e-6b0c

A rejected message could not be processed in its current form. It is stored unchanged with the reason, until you \
correct it and send it again (redrive), or discard it. A message that is sent again keeps its id and its time, so \
it never overrides a later request.";

const REDRIVE_EXAMPLES: &str = "\
Examples:
  countmein rejects redrive 01977a4e-6b0c
  countmein rejects redrive 01977a4e-6b0c --set name=Ada --set contact.email=ada@example.org
  countmein rejects redrive 01977a4e-6b0c --unset contact
  countmein rejects redrive --all --event Dance --since 2026-11-25T18:00:00Z";

/// List and fix messages that could not be processed (needs the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List rejected messages and their reasons
    List(List),
    /// Show a rejected message in its original form
    Show(OneReject),
    /// Correct a rejected message and send it again
    Redrive(Redrive),
    /// Discard a rejected message
    Discard(OneReject),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    organiser: OrganiserArgs,
}

#[derive(Debug, clap::Args)]
struct OneReject {
    /// Id of the message, as `rejects list` shows it
    id: String,

    #[command(flatten)]
    organiser: OrganiserArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = REDRIVE_EXAMPLES)]
struct Redrive {
    /// Id of the message, as `rejects list` shows it
    #[arg(required_unless_present = "all")]
    id: Option<String>,

    /// Send all rejected messages again, without corrections
    #[arg(long, conflicts_with_all = ["id", "assignments", "removals"])]
    all: bool,

    /// With --all: only messages whose reason contains this text
    #[arg(long, value_name = "TEXT", requires = "all")]
    reason: Option<String>,

    /// With --all: only messages about this event
    #[arg(long, value_name = "EVENT", requires = "all")]
    event: Option<String>,

    /// With --all: only messages that were rejected at this time (RFC 3339) or later
    #[arg(long, value_name = "TIME", requires = "all")]
    since: Option<String>,

    /// Set a field of the message; for a contact, name its kind too, such as contact.email=ada@example.org
    #[arg(long = "set", value_name = "FIELD=TEXT")]
    assignments: Vec<Assignment>,

    /// Remove a field of the message
    #[arg(long = "unset", value_name = "FIELD")]
    removals: Vec<String>,

    #[command(flatten)]
    organiser: OrganiserArgs,
}

#[derive(Deserialize)]
struct Rejects {
    rejects: Vec<Summary>,
}

#[derive(Deserialize)]
struct Summary {
    id: String,
    /// Absent from older servers.
    #[serde(default)]
    count: u64,
    reason: String,
    rejected_at: String,
}

#[derive(Deserialize)]
struct Reject {
    id: String,
    #[serde(default)]
    count: u64,
    body: String,
    reason: String,
    arrived_at: String,
    rejected_at: String,
}

#[derive(Deserialize)]
struct RedrivenPage {
    sent: u64,
    kept: u64,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Redriven {
    event: String,
    name: String,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        match self.command {
            Command::List(args) => args.run(),
            Command::Show(args) => args.show(),
            Command::Redrive(args) => args.run(),
            Command::Discard(args) => args.discard(),
        }
    }

    pub fn wants_json(&self) -> bool {
        match &self.command {
            Command::List(args) => args.organiser.server.json,
            Command::Show(args) | Command::Discard(args) => args.organiser.server.json,
            Command::Redrive(args) => args.organiser.server.json,
        }
    }
}

impl List {
    fn run(&self) -> Result<(), CliError> {
        let response = self.organiser.client()?.get_all(&["organiser", "rejects"], &[], "rejects")?;
        self.organiser.print(&response, || {
            let Rejects { rejects } = response.read()?;
            if rejects.is_empty() {
                return Ok(vec!["There are no rejected messages.".to_owned()]);
            }
            let width = rejects.iter().map(|reject| reject.id.chars().count()).max().unwrap_or_default();
            let line = |reject: &Summary| {
                let times = if reject.count > 1 { format!(" ({} messages)", reject.count) } else { String::new() };
                format!("{:<width$}  {:<24}  {}{times}", reject.id, reject.rejected_at, reject.reason)
            };
            Ok(rejects.iter().map(line).collect())
        })
    }
}

impl OneReject {
    fn show(&self) -> Result<(), CliError> {
        let response = self.organiser.client()?.get(&["organiser", "rejects", &self.id], &[])?;
        self.organiser.print(&response, || {
            let reject: Reject = response.read()?;
            let mut lines = vec![
                format!("id           {}", reject.id),
                format!("arrived at   {}", reject.arrived_at),
                format!("rejected at  {}", reject.rejected_at),
                format!("reason       {}", reject.reason),
                format!("messages     {}", reject.count),
                String::new(),
            ];
            lines.extend(reject.body.lines().map(str::to_owned));
            Ok(lines)
        })
    }

    fn discard(&self) -> Result<(), CliError> {
        let response = self.organiser.client()?.post_empty(&["organiser", "rejects", &self.id, "discard"])?;
        self.organiser.print(&response, || Ok(vec![format!("Rejected message {} was discarded.", self.id)]))
    }
}

impl Redrive {
    fn run(&self) -> Result<(), CliError> {
        let Some(id) = &self.id else { return self.run_all() };
        let corrections = corrections::collect(&self.assignments, &self.removals)?;
        let body = json!({"set": Value::Object(corrections)});
        let response = self.organiser.client()?.post(&["organiser", "rejects", id, "redrive"], &body)?;
        self.organiser.print(&response, || {
            let Redriven { event, name } = response.read()?;
            Ok(vec![format!("Sent again: {name} for {event}.")])
        })
    }

    fn run_all(&self) -> Result<(), CliError> {
        let client = self.organiser.client()?;
        let (mut sent, mut kept, mut cursor) = (0, 0, None);
        loop {
            let filter = json!({"reason": self.reason, "event": self.event, "since": self.since, "cursor": cursor});
            let page: RedrivenPage = client.post(&["organiser", "rejects", "redrive"], &filter)?.read()?;
            sent += page.sent;
            kept += page.kept;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        output::print(self.organiser.server.json, &json!({"sent": sent, "kept": kept}), || {
            let mut lines = vec![format!("Sent again: {sent}.")];
            if kept > 0 {
                lines.push(format!("Still rejected: {kept}. Correct them one by one; see `countmein rejects list`."));
            }
            Ok(lines)
        })
    }
}
