use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::address::{self, ServerArgs};
use super::client::Client;
use super::failure::Failure;
use super::organiser_key::KeyArgs;
use super::output;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::event::Event;

const EXAMPLES: &str = "\
Examples:
  countmein cancel --link https://signup.example.org/events/dance/manage/AbC…
  countmein cancel 'Pizza Night' Ana        with the organiser's key

The link came with the answer to the sign-up; it names its own server, so --url and the key do not matter with it.";

/// Count somebody out again
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = "countmein cancel [OPTIONS] <EVENT> <NAME>\n       countmein cancel [OPTIONS] --link <URL>")]
pub struct Args {
    /// What the person is signed up for
    #[arg(value_parser = address::event, required_unless_present = "link", requires = "name", conflicts_with = "link")]
    event: Option<Event>,

    /// Who is not coming after all
    #[arg(value_parser = address::name)]
    name: Option<AttendeeName>,

    /// The link that came with the sign-up, instead of event, name and key
    #[arg(long, value_name = "URL", value_parser = address::web_url)]
    link: Option<Url>,

    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Pending,
    In,
    Out,
    NotYours,
}

#[derive(Deserialize)]
struct Registration {
    state: State,
}

impl Args {
    pub fn run(self) -> Result<(), Failure> {
        match (&self.link, &self.event, &self.name) {
            (Some(link), ..) => self.over_link(link),
            (None, Some(event), Some(name)) => self.as_organiser(event, name),
            _ => Err(Failure::Usage("give an event and a name, or --link".into())),
        }
    }

    fn over_link(&self, link: &Url) -> Result<(), Failure> {
        let answer = Client::new(link).post(&[], &json!({"action": "cancel"}))?;
        let sentence = match answer.read::<Registration>()?.state {
            State::NotYours => return Err(Failure::NotYours),
            State::Out => "The sign-up is cancelled.",
            State::Pending | State::In => "The cancellation is taken and takes effect in a moment.",
        };
        output::print(self.server.json, &answer.value, || Ok(vec![sentence.to_owned()]))
    }

    fn as_organiser(&self, event: &Event, name: &AttendeeName) -> Result<(), Failure> {
        let client = Client::new(&self.server.url).with_key(&self.key.key_for(&self.server.url)?)?;
        let body = json!({"event": event.title(), "name": name.as_str(), "action": "cancel"});
        let answer = client.post(&["organiser", "signups"], &body)?;
        output::print(self.server.json, &answer.value, || {
            Ok(vec![format!("{} is counted out of {}.", name.as_str(), event.title())])
        })
    }
}
