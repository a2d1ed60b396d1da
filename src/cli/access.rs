//! What every command of the organiser's is told: which server, and the key.

use super::address::ServerArgs;
use super::client::{Answer, Client};
use super::failure::Failure;
use super::organiser_key::KeyArgs;
use super::output;

#[derive(Debug, clap::Args)]
pub struct Access {
    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    pub server: ServerArgs,
}

impl Access {
    pub fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.server.url).with_key(&self.key.key_for(&self.server.url)?)
    }

    pub fn print(&self, answer: &Answer, lines: impl FnOnce() -> Result<Vec<String>, Failure>) -> Result<(), Failure> {
        output::print(self.server.json, &answer.value, lines)
    }
}
