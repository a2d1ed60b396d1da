//! The arguments that say which event a command changes, and with which right.

use super::address::{self, ServerArgs};
use super::client::Client;
use super::error::CliError;
use super::host_link::HostLink;
use super::organiser_key::KeyArgs;
use crate::domain::event::Event;

/// The event to change, and the right to change it.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// Title or id of the event
    #[arg(value_parser = address::parse_event, required_unless_present = "link", conflicts_with = "link")]
    event: Option<Event>,

    /// The host's link, instead of the event and the organiser's key
    #[arg(long, value_name = "URL", value_parser = HostLink::parse)]
    link: Option<HostLink>,

    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    pub server: ServerArgs,
}

impl Target {
    /// Returns a client with the right to change the event, and the event.
    pub fn client(&self) -> Result<(Client, &str), CliError> {
        match (&self.link, &self.event) {
            (Some(link), _) => Ok((link.client()?, &link.event)),
            (None, Some(event)) => {
                let key = self.key.key_for(&self.server.url)?;
                Ok((Client::new(&self.server.url).with_key(&key)?, event.spelling()))
            }
            (None, None) => Err(CliError::Usage("pass an event, or --link".into())),
        }
    }

    /// Returns the path of the page on which the event is deleted.
    pub fn deletion_page<'a>(&'a self, event: &'a str) -> Vec<&'a str> {
        match &self.link {
            Some(link) => vec!["events", event, "host", link.token(), "delete"],
            None => vec!["organiser", "events", event, "delete"],
        }
    }
}
