//! `countmein inbox`: lists the notifications of a sign-up.

use serde::Deserialize;
use url::Url;

use super::client::Client;
use super::error::CliError;
use super::{address, output};

const EXAMPLES: &str = "\
Examples:
  countmein inbox https://signup.example.org/events/dance/manage/AbC…

The personal link was printed by `countmein signup`. Only people who have the link can read the notifications.";

/// List the notifications of a sign-up: who else joined and left
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Personal link of the sign-up
    #[arg(value_name = "LINK", value_parser = address::parse_web_url)]
    link: Url,

    /// Print one JSON object on stdout; an error is a problem document (RFC 9457) on stderr
    #[arg(long)]
    pub json: bool,
}

#[derive(Deserialize)]
struct Registration {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    at: String,
    text: String,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        let response = Client::new(&self.link).get(&[], &[])?;
        let registration: Registration = response.read()?;
        output::print(self.json, &response.value, || {
            if registration.messages.is_empty() {
                return Ok(vec!["There are no notifications.".to_owned()]);
            }
            Ok(registration.messages.iter().map(|Message { at, text }| format!("{at}  {text}")).collect())
        })
    }
}
