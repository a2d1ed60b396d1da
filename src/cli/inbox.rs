use serde::Deserialize;
use url::Url;

use super::client::Client;
use super::failure::Failure;
use super::{address, output};

const EXAMPLES: &str = "\
Examples:
  countmein inbox https://signup.example.org/events/dance/manage/AbC…

The link came with the answer to the sign-up. Only who has it sees what was told to its owner.";

/// What was told to whoever owns a sign-up: who else joined and left
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The link that came with the sign-up
    #[arg(value_name = "LINK", value_parser = address::web_url)]
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
    pub fn run(self) -> Result<(), Failure> {
        let answer = Client::new(&self.link).get(&[], &[])?;
        let registration: Registration = answer.read()?;
        output::print(self.json, &answer.value, || {
            if registration.messages.is_empty() {
                return Ok(vec!["Nothing is new.".to_owned()]);
            }
            Ok(registration.messages.iter().map(|Message { at, text }| format!("{at}  {text}")).collect())
        })
    }
}
