use serde::Deserialize;
use serde_json::json;

use super::address::{self, ServerArgs};
use super::client::Client;
use super::failure::Failure;
use super::organiser_key::KeyParser;
use super::output;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::secret::Secret;
use crate::formats;

const EXAMPLES: &str = "\
Examples:
  countmein signup 'Pizza Night' Ana
  countmein signup 'Pizza Night' Ana --contact ana@example.org
  countmein signup Dance Ben --contact +14155552671 --url https://signup.example.org

The answer holds a link with which Ana changes or cancels this sign-up; whoever has it can. Anybody may sign up
somebody who is not on the list yet. With the organiser's key it is the organiser who signs up: that also changes
the contact of somebody who is on the list, and there is no link.";

/// Count somebody in
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to sign up for; it begins to exist with its first sign-up
    #[arg(value_parser = address::event)]
    event: Event,

    /// Who is coming
    #[arg(value_parser = address::name)]
    name: AttendeeName,

    /// Where this person wants to hear who else is coming: an email address, a phone number or an https address
    #[arg(long, value_parser = contact)]
    contact: Option<Contact>,

    /// The organiser's key; better given in the environment, since others on this machine can see a command line
    #[arg(long, value_name = "KEY", env = "COUNTMEIN_ORGANISER_KEY", hide_env_values = true, value_parser = KeyParser)]
    organiser_key: Option<Secret>,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Deserialize)]
struct Accepted {
    manage: Option<String>,
}

impl Args {
    pub fn run(self) -> Result<(), Failure> {
        let client = Client::new(&self.server.url);
        let (event, name) = (self.event.title(), self.name.as_str());
        let mut body = json!({"name": name});
        if let Some(contact) = &self.contact {
            body["contact"] = formats::contact::to_json(contact);
        }
        let answer = if let Some(key) = &self.organiser_key {
            body["event"] = event.into();
            client.with_key(key)?.post(&["organiser", "signups"], &body)?
        } else {
            client.post(&["events", event, "signups"], &body)?
        };
        output::print(self.server.json, &answer.value, || {
            let accepted: Accepted = answer.read()?;
            let mut lines = vec![format!("{name} is counted in for {event}.")];
            lines.extend(accepted.manage.map(|link| format!("To change or cancel it: {link}")));
            Ok(lines)
        })
    }
}

fn contact(text: &str) -> Result<Contact, String> {
    Contact::from_line(text).map_err(|problem| format!("it {problem}"))
}
