//! `countmein signup`: signs a person up for an event.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::address::{self, ServerArgs};
use super::client::Client;
use super::error::CliError;
use super::organiser_key::KeyParser;
use super::output;
use super::signup_wait::{is_name_taken, wait_for_place};
use crate::domain::attendee_name::AttendeeName;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::event_details::MAX_GUESTS;
use crate::domain::secret::Secret;
use crate::formats;

const EXAMPLES: &str = "\
Examples:
  countmein signup 'Pizza Night' Ana
  countmein signup 'Pizza Night' Ana --contact ana@example.org
  countmein signup Dance Ben --contact +14155552671 --url https://signup.example.org
  countmein signup Dance Cleo --wait                say whether Cleo has a place

It prints a personal link to change or cancel the sign-up. Anyone who has the link can use it. If somebody with this name is \
on the list already, it fails.

Without the organiser's key, you can only sign up people who are not on the list yet. With the key, you can \
also change the contact of people who are on the list; no link is printed then.";

/// Sign a person up for an event
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Title or id of the event; the first sign-up creates it
    #[arg(value_parser = address::parse_event)]
    event: Event,

    /// Name of the person
    #[arg(value_parser = address::parse_name)]
    name: AttendeeName,

    /// Contact for notifications: an email address, a phone number such as +14155552671, or an https webhook
    #[arg(long, value_parser = parse_contact)]
    contact: Option<Contact>,

    /// Number of people who come along
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(0..=i64::from(MAX_GUESTS)))]
    guests: Option<u8>,

    /// Answer to the event's question
    #[arg(long, value_name = "TEXT")]
    answer: Option<String>,

    /// Note for the host
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,

    /// Organiser's key. Prefer the environment variable: other users of this machine can see the command line
    #[arg(long, value_name = "KEY", env = "COUNTMEIN_ORGANISER_KEY", hide_env_values = true, value_parser = KeyParser)]
    organiser_key: Option<Secret>,

    /// Wait until it is decided whether there is a place, for at most so many seconds. Not with the organiser's key
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "10")]
    wait: Option<u64>,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Deserialize)]
struct Accepted {
    /// The id of the event.
    event: Option<String>,
    manage: Option<String>,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        if self.wait.is_some() && self.organiser_key.is_some() {
            let advice =
                "--wait needs the personal link, which the organiser's key does not give; leave out one of them";
            return Err(CliError::Usage(advice.into()));
        }
        let client = Client::new(&self.server.url);
        let (event, name) = (self.event.title(), self.name.as_str());
        let mut body = json!({"name": name});
        if let Some(contact) = &self.contact {
            body["contact"] = formats::contact::to_json(contact);
        }
        let details = [
            ("guests", self.guests.map(Value::from)),
            ("answer", self.answer.as_deref().map(Value::from)),
            ("note", self.note.as_deref().map(Value::from)),
        ];
        for (field, value) in details {
            if let Some(value) = value {
                body[field] = value;
            }
        }
        let response = if let Some(key) = &self.organiser_key {
            body["event"] = event.into();
            Client::new(&self.server.url).with_key(key)?.post(&["organiser", "signups"], &body)?
        } else {
            client.post(&["events", event, "signups"], &body)?
        };
        let Accepted { event: id, manage } = response.read()?;
        let token = manage.as_ref().and_then(|link| link.rsplit('/').next());
        if let (Some(id), Some(token)) = (id, token)
            && is_name_taken(&client, &["events", &id, "manage", token])
        {
            return Err(CliError::NameTaken { name: name.to_owned(), event: event.to_owned() });
        }
        let lines = || {
            let link = manage.as_ref().map(|link| format!("To change or cancel: {link}"));
            std::iter::once(format!("{name} is signed up for {event}.")).chain(link).collect()
        };
        let (Some(seconds), Some(link)) = (self.wait, &manage) else {
            return output::print(self.server.json, &response.value, || Ok(lines()));
        };
        // The link is printed first, since whoever waits may interrupt the command.
        if !self.server.json {
            output::print(false, &response.value, || Ok(lines()))?;
        }
        let decided = wait_for_place(link, name, Duration::from_secs(seconds));
        if self.server.json {
            let mut value = response.value;
            if let Ok(decided) = &decided {
                value["place"] = decided.json.clone();
            }
            output::print(true, &value, || Ok(Vec::new()))?;
            return decided.map(drop);
        }
        let sentences = decided?.place.map(|place| place.sentences(name)).unwrap_or_default();
        output::print(false, &response.value, || Ok(sentences))
    }
}

fn parse_contact(text: &str) -> Result<Contact, String> {
    Contact::from_line(text).map_err(|problem| format!("it {problem}"))
}
