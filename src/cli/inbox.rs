use serde::Deserialize;
use url::Url;

use super::address;
use super::client::Client;
use super::failure::Failure;
use super::output;

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
struct Stay {
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
        let stay: Stay = answer.read()?;
        output::print(self.json, &answer.value, || {
            if stay.messages.is_empty() {
                return Ok(vec!["Nothing is new.".to_owned()]);
            }
            Ok(stay.messages.iter().map(|Message { at, text }| format!("{at}  {text}")).collect())
        })
    }
}
