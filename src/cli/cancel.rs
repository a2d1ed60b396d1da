//! `countmein cancel`: cancels a sign-up by its personal link, or by event and name with the organiser's key.

use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::address::{self, ServerArgs};
use super::client::Client;
use super::error::CliError;
use super::organiser_key::KeyArgs;
use super::output;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::event::Event;

const EXAMPLES: &str = "\
Examples:
  countmein cancel --link https://signup.example.org/events/dance/manage/AbC…
  countmein cancel 'Pizza Night' Ana        with the organiser's key

The personal link was printed by `countmein signup`. It contains the server's address, so --url and the key are \
not used with it.";

/// Cancel a sign-up
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = "countmein cancel [OPTIONS] <EVENT> <NAME>\n       countmein cancel [OPTIONS] --link <URL>")]
pub struct Args {
    /// Title or id of the event
    #[arg(value_parser = address::parse_event, required_unless_present = "link", requires = "name", conflicts_with = "link")]
    event: Option<Event>,

    /// Name of the person
    #[arg(value_parser = address::parse_name)]
    name: Option<AttendeeName>,

    /// Personal link of the sign-up, instead of event, name and key
    #[arg(long, value_name = "URL", value_parser = address::parse_web_url)]
    link: Option<Url>,

    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RegistrationState {
    Pending,
    In,
    Out,
    NotYours,
}

#[derive(Deserialize)]
struct Registration {
    state: RegistrationState,
}

#[derive(Deserialize)]
struct Cancelled {
    /// Whether the person was on the list. `None` from an older server.
    on_list: Option<bool>,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        match (&self.link, &self.event, &self.name) {
            (Some(link), ..) => self.cancel_by_link(link),
            (None, Some(event), Some(name)) => self.cancel_by_name(event, name),
            _ => Err(CliError::Usage("pass an event and a name, or --link".into())),
        }
    }

    fn cancel_by_link(&self, link: &Url) -> Result<(), CliError> {
        let response = Client::new(link).post(&[], &json!({"action": "cancel"}))?;
        let message = match response.read::<Registration>()?.state {
            RegistrationState::NotYours => return Err(CliError::LinkOfAnotherSignup),
            RegistrationState::Out => "The sign-up was cancelled.",
            RegistrationState::Pending | RegistrationState::In => {
                "The cancellation was accepted and will take effect in a moment."
            }
        };
        output::print(self.server.json, &response.value, || Ok(vec![message.to_owned()]))
    }

    fn cancel_by_name(&self, event: &Event, name: &AttendeeName) -> Result<(), CliError> {
        let client = Client::new(&self.server.url).with_key(&self.key.key_for(&self.server.url)?)?;
        let body = json!({"event": event.title(), "name": name.as_str(), "action": "cancel"});
        let response = client.post(&["organiser", "signups"], &body)?;
        if response.read::<Cancelled>()?.on_list == Some(false) {
            return Err(CliError::NotOnTheList { name: name.to_string(), event: event.title().to_owned() });
        }
        output::print(self.server.json, &response.value, || {
            Ok(vec![format!("{} is no longer on the list for {}.", name.as_str(), event.title())])
        })
    }
}
