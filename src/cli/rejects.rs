use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Access;
use super::correction::{self, Setting};
use super::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  countmein rejects list
  countmein rejects show 01977a4e-6b0c
  countmein rejects redrive 01977a4e-6b0c --set name=Ada --unset contact
  countmein rejects discard 01977a4e-6b0c

A message that can never become a sign-up is kept whole, with the reason, until somebody corrects it and sends it again
or throws it away. Sent again it keeps its id and its time, so it never undoes what was asked later.";

const REDRIVE_EXAMPLES: &str = "\
Examples:
  countmein rejects redrive 01977a4e-6b0c
  countmein rejects redrive 01977a4e-6b0c --set name=Ada --set contact.email=ada@example.org
  countmein rejects redrive 01977a4e-6b0c --unset contact";

/// Look after the messages that could not become sign-ups (with the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them, with the reasons
    List(List),
    /// Show one whole, as it came
    Show(One),
    /// Send one again, corrected
    Redrive(Redrive),
    /// Throw one away
    Discard(One),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    access: Access,
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its id, as the list shows it
    id: String,

    #[command(flatten)]
    access: Access,
}

#[derive(Debug, clap::Args)]
#[command(after_help = REDRIVE_EXAMPLES)]
struct Redrive {
    /// Its id, as the list shows it
    id: String,

    /// Set a field of the message to this text; for a contact its kind too, like contact.email=ada@example.org
    #[arg(long = "set", value_name = "FIELD=TEXT")]
    settings: Vec<Setting>,

    /// Take a field out of the message
    #[arg(long = "unset", value_name = "FIELD")]
    removals: Vec<String>,

    #[command(flatten)]
    access: Access,
}

#[derive(Deserialize)]
struct Rejects {
    rejects: Vec<Summary>,
}

#[derive(Deserialize)]
struct Summary {
    id: String,
    reason: String,
    rejected_at: String,
}

#[derive(Deserialize)]
struct Reject {
    id: String,
    body: String,
    reason: String,
    arrived_at: String,
    rejected_at: String,
}

#[derive(Deserialize)]
struct SentAgain {
    event: String,
    name: String,
}

impl Args {
    pub fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::List(args) => args.run(),
            Command::Show(args) => args.show(),
            Command::Redrive(args) => args.run(),
            Command::Discard(args) => args.discard(),
        }
    }

    pub fn wants_json(&self) -> bool {
        match &self.command {
            Command::List(args) => args.access.server.json,
            Command::Show(args) | Command::Discard(args) => args.access.server.json,
            Command::Redrive(args) => args.access.server.json,
        }
    }
}

impl List {
    fn run(&self) -> Result<(), Failure> {
        let answer = self.access.client()?.get_all(&["organiser", "rejects"], "rejects")?;
        self.access.print(&answer, || {
            let Rejects { rejects } = answer.read()?;
            if rejects.is_empty() {
                return Ok(vec!["There are no rejects.".to_owned()]);
            }
            let width = rejects.iter().map(|reject| reject.id.chars().count()).max().unwrap_or_default();
            let line =
                |reject: &Summary| format!("{:<width$}  {:<24}  {}", reject.id, reject.rejected_at, reject.reason);
            Ok(rejects.iter().map(line).collect())
        })
    }
}

impl One {
    fn show(&self) -> Result<(), Failure> {
        let answer = self.access.client()?.get(&["organiser", "rejects", &self.id], &[])?;
        self.access.print(&answer, || {
            let reject: Reject = answer.read()?;
            let mut lines = vec![
                format!("id           {}", reject.id),
                format!("arrived at   {}", reject.arrived_at),
                format!("rejected at  {}", reject.rejected_at),
                format!("reason       {}", reject.reason),
                String::new(),
            ];
            lines.extend(reject.body.lines().map(str::to_owned));
            Ok(lines)
        })
    }

    fn discard(&self) -> Result<(), Failure> {
        let answer = self.access.client()?.post_empty(&["organiser", "rejects", &self.id, "discard"])?;
        self.access.print(&answer, || Ok(vec![format!("The reject {} is gone.", self.id)]))
    }
}

impl Redrive {
    fn run(&self) -> Result<(), Failure> {
        let corrections = correction::corrections(&self.settings, &self.removals)?;
        let body = json!({"set": Value::Object(corrections)});
        let answer = self.access.client()?.post(&["organiser", "rejects", &self.id, "redrive"], &body)?;
        self.access.print(&answer, || {
            let SentAgain { event, name } = answer.read()?;
            Ok(vec![format!("Sent again: {name} for {event}.")])
        })
    }
}
