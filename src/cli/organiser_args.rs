//! Arguments that every organiser command takes: the server and the organiser's key.

use super::address::ServerArgs;
use super::client::{Client, JsonResponse};
use super::error::CliError;
use super::organiser_key::KeyArgs;
use super::output;

#[derive(Debug, clap::Args)]
pub struct OrganiserArgs {
    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    pub server: ServerArgs,
}

impl OrganiserArgs {
    pub fn client(&self) -> Result<Client, CliError> {
        Client::new(&self.server.url).with_key(&self.key.key_for(&self.server.url)?)
    }

    pub fn print(
        &self,
        response: &JsonResponse,
        lines: impl FnOnce() -> Result<Vec<String>, CliError>,
    ) -> Result<(), CliError> {
        output::print(self.server.json, &response.value, lines)
    }
}
