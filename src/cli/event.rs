//! `countmein event`: creates, shows, edits and deletes events.

use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};

use super::address::{self, ServerArgs};
use super::choice::choice;
use super::client::Client;
use super::error::CliError;
use super::event_deletion::Delete;
use super::event_fields::EventFields;
use super::event_list::EventList;
use super::event_places::{Promote, RemoveAttendee};
use super::event_target::Target;
use super::organiser_key::KeyParser;
use super::output;
use super::places::Places;
use crate::domain::event::Event;
use crate::domain::event_details::Title;
use crate::domain::host_link::HostRole;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;

const EXAMPLES: &str = "\
Examples:
  countmein event create Dinner --starts 2026-12-03T19:00 --zone Europe/Berlin --place 'Hall 1'
  countmein event show omars-dinner
  countmein event edit omars-dinner --place 'Hall 2'                with the organiser's key
  countmein event edit omars-dinner --capacity 40                   who finds no place waits
  countmein event close --link https://signup.example.org/events/omars-dinner/host/AbC…
  countmein event delete omars-dinner
  countmein event list
  countmein event list --past --search dinner

Creating an event prints the link for guests and the host's link. Whoever has the host's link can edit and cancel \
the event. The organiser's key opens every event.";

/// Create, show, edit and delete events
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: EventCommand,
}

#[derive(Debug, Subcommand)]
enum EventCommand {
    /// Create an event, and print its links
    Create(Create),
    /// Show an event
    Show(Show),
    /// Edit the details of an event
    Edit(Edit),
    /// Close the sign-ups of an event now
    Close(Target),
    /// Cancel an event: nobody can sign up any more, and the roster stays
    Cancel(Target),
    /// Archive an event: it is closed
    Archive(Target),
    /// Undo the cancellation and the archiving of an event
    Reopen(Target),
    /// Delete an event for good, with everything that is stored about it
    Delete(Delete),
    /// Give somebody who waits a place before all others
    Promote(Promote),
    /// Remove an attendee, which frees their places
    RemoveAttendee(RemoveAttendee),
    /// Count the attendees and the seats of an event again, after a record was damaged or lost (needs the organiser's key)
    Rebuild(Target),
    /// Print the link of a role, such as the host's
    Link(Link),
    /// List events, upcoming ones unless you ask for others (needs the organiser's key)
    List(EventList),
}

#[derive(Debug, clap::Args)]
struct Create {
    /// Title of the event
    #[arg(value_parser = parse_title)]
    title: String,

    /// Show the event only to people who have its link
    #[arg(long)]
    unlisted: bool,

    #[command(flatten)]
    fields: EventFields,

    /// Organiser's key, if only the organiser creates events. Prefer the environment variable: other users of this
    /// machine can see the command line
    #[arg(long, value_name = "KEY", env = "COUNTMEIN_ORGANISER_KEY", hide_env_values = true, value_parser = KeyParser)]
    organiser_key: Option<Secret>,

    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// Title or id of the event
    #[arg(value_parser = address::parse_event)]
    event: Event,

    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
struct Edit {
    #[command(flatten)]
    target: Target,

    /// New title
    #[arg(long, value_parser = parse_title)]
    title: Option<String>,

    #[command(flatten)]
    fields: EventFields,
}

#[derive(Debug, clap::Args)]
struct Link {
    #[command(flatten)]
    target: Target,

    /// Role of the link
    #[arg(long, value_parser = choice::<HostRole>(), default_value = "host")]
    role: HostRole,

    /// Make all links of this role invalid, and print a new one
    #[arg(long)]
    revoke: bool,
}

#[derive(Deserialize)]
struct Created {
    event: String,
    url: String,
    host: String,
}

#[derive(Deserialize)]
struct Shown {
    event: String,
    title: String,
    count: Option<u64>,
    places: Option<Places>,
    #[serde(default)]
    details: Option<Details>,
    /// Absent for 0. Older servers never send it.
    version: Option<u64>,
}

#[derive(Deserialize)]
struct Details {
    description: Option<String>,
    starts_at: Option<String>,
    ends_at: Option<String>,
    zone: Option<String>,
    place: Option<String>,
    question: Option<String>,
    capacity: Option<u64>,
    cancelled_at: Option<String>,
    archived_at: Option<String>,
    version: u64,
}

#[derive(Deserialize)]
struct LinkOutput {
    url: String,
}

fn parse_title(text: &str) -> Result<String, String> {
    Title::parse(text).map(|title| title.to_string()).map_err(|problem| format!("it {problem}"))
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        match self.command {
            EventCommand::Create(create) => create.run(),
            EventCommand::Show(show) => show.run(),
            EventCommand::Edit(edit) => edit.run(),
            EventCommand::Close(target) => {
                target.patch(&json!({"signups_close_at": Timestamp::now()}), "Sign-ups are closed.")
            }
            EventCommand::Cancel(target) => target.post("cancel", "The event is cancelled."),
            EventCommand::Archive(target) => target.post("archive", "The event is archived."),
            EventCommand::Reopen(target) => target.post("reopen", "The event is open again."),
            EventCommand::Delete(delete) => delete.run(),
            EventCommand::Promote(promote) => promote.run(),
            EventCommand::RemoveAttendee(remove) => remove.run(),
            EventCommand::Rebuild(target) => {
                target.post("rebuild", "The attendees and seats of the event are being counted again.")
            }
            EventCommand::Link(link) => link.run(),
            EventCommand::List(list) => list.run(),
        }
    }

    pub fn wants_json(&self) -> bool {
        match &self.command {
            EventCommand::Create(create) => create.server.json,
            EventCommand::Show(show) => show.server.json,
            EventCommand::Edit(edit) => edit.target.server.json,
            EventCommand::Close(target)
            | EventCommand::Cancel(target)
            | EventCommand::Archive(target)
            | EventCommand::Reopen(target)
            | EventCommand::Rebuild(target) => target.server.json,
            EventCommand::Promote(promote) => promote.target.server.json,
            EventCommand::RemoveAttendee(remove) => remove.target.server.json,
            EventCommand::Delete(delete) => delete.target.server.json,
            EventCommand::Link(link) => link.target.server.json,
            EventCommand::List(list) => list.wants_json(),
        }
    }
}

impl Create {
    fn run(&self) -> Result<(), CliError> {
        let mut client = Client::new(&self.server.url);
        if let Some(key) = &self.organiser_key {
            client = client.with_key(key)?;
        }
        let mut fields = self.fields.to_json(None)?;
        fields.insert("title".to_owned(), self.title.as_str().into());
        if self.unlisted {
            fields.insert("visibility".to_owned(), "unlisted".into());
        }
        let response = client.post(&["events"], &Value::Object(fields))?;
        output::print(self.server.json, &response.value, || {
            let Created { event, url, host } = response.read()?;
            Ok(vec![
                format!("The event {event} is created."),
                format!("Link for guests: {url}"),
                format!("Your link as the host, to edit and cancel the event: {host}"),
            ])
        })
    }
}

impl Show {
    fn run(&self) -> Result<(), CliError> {
        let response = Client::new(&self.server.url).get(&["events", self.event.spelling()], &[])?;
        output::print(self.server.json, &response.value, || {
            let Shown { event, title, count, places, details, .. } = response.read()?;
            let mut lines = vec![title, format!("id: {event}")];
            lines.extend(count.map(|count| format!("attendees: {count}")));
            let capacity = details.as_ref().and_then(|details| details.capacity);
            lines.extend(match (places, capacity) {
                (Some(places), _) => Some(format!("places: {places}")),
                (None, Some(capacity)) => Some(format!("places: {capacity}")),
                (None, None) => None,
            });
            let Some(details) = details else { return Ok(lines) };
            let zone = details.zone.unwrap_or_default();
            lines.extend(details.starts_at.map(|start| format!("starts: {start} ({zone})")));
            lines.extend(details.ends_at.map(|end| format!("ends: {end} ({zone})")));
            lines.extend(details.place.map(|place| format!("place: {place}")));
            lines.extend(details.question.map(|question| format!("question: {question}")));
            lines.extend(details.cancelled_at.map(|at| format!("cancelled: {at}")));
            lines.extend(details.archived_at.map(|at| format!("archived: {at}")));
            lines.extend(
                details.description.into_iter().flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()),
            );
            Ok(lines)
        })
    }
}

impl Target {
    fn post(&self, action: &str, message: &str) -> Result<(), CliError> {
        let (client, event) = self.client()?;
        let response = client.post_empty(&["events", event, action])?;
        output::print(self.server.json, &response.value, || Ok(vec![message.to_owned()]))
    }

    /// Edits the event, unless somebody else edits it at the same time.
    fn patch(&self, fields: &Value, message: &str) -> Result<(), CliError> {
        let (client, event) = self.client()?;
        let shown = show(&client, event)?;
        let version = shown.version.or(shown.details.map(|details| details.version)).unwrap_or(0);
        let response = client.patch(&["events", event], fields, &format!("\"{version}\""))?;
        output::print(self.server.json, &response.value, || Ok(vec![message.to_owned()]))
    }
}

fn show(client: &Client, event: &str) -> Result<Shown, CliError> {
    client.get(&["events", event], &[])?.read()
}

impl Edit {
    fn run(&self) -> Result<(), CliError> {
        let (client, event) = self.target.client()?;
        let stored_zone = show(&client, event)?.details.and_then(|details| details.zone);
        let mut fields = self.fields.to_json(stored_zone.as_deref())?;
        if let Some(title) = &self.title {
            fields.insert("title".to_owned(), title.as_str().into());
        }
        if fields.is_empty() {
            return Err(CliError::Usage("pass at least one detail to change, such as --place".into()));
        }
        self.target.patch(&Value::Object(fields), "The event is changed.")
    }
}

impl Link {
    fn run(&self) -> Result<(), CliError> {
        let (client, event) = self.target.client()?;
        let body = json!({"role": self.role.as_str()});
        let path: &[&str] =
            if self.revoke { &["events", event, "links", "revoke"] } else { &["events", event, "links"] };
        let response = client.post(path, &body)?;
        output::print(self.target.server.json, &response.value, || Ok(vec![response.read::<LinkOutput>()?.url]))
    }
}
