use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use url::Url;

use super::address::server_url;
use super::choice::choice;
use super::failure::Failure;
use super::logging;
use super::mqtt::MqttArgs;
use super::notifications::NotificationArgs;
use super::organiser_key::KeyParser;
use crate::app::server as serve;
#[cfg(not(feature = "aws"))]
use crate::app::settings::Store;
use crate::app::settings::{ListEveryone, Settings};
use crate::domain::secret::Secret;
use crate::formats::button::flic_key::FlicKey;

const EXAMPLES: &str = "\
Examples:
  countmein serve                                       for this machine alone
  countmein serve --listen 0.0.0.0:8100                 for everyone who reaches this machine
  countmein serve --behind-proxy --public-url https://signup.example.org

The organiser's key is made up at the first start and kept in the file organiser.key in the data folder.
The log goes to stderr: lines for a person on a terminal, JSON lines elsewhere. RUST_LOG=countmein=debug shows more.";

/// Take sign-ups and show who is coming
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The address and port to take requests on
    #[arg(long, value_name = "ADDRESS", env = "COUNTMEIN_LISTEN", default_value = "127.0.0.1:8100", value_parser = socket)]
    listen: SocketAddr,

    /// The folder of the database and the organiser's key; made if it is not there
    #[arg(long, value_name = "FOLDER", env = "COUNTMEIN_DATA", default_value = "./countmein-data")]
    data: PathBuf,

    /// The organiser's key, instead of the one in the data folder; at least 16 characters, better in the environment
    #[arg(long, value_name = "KEY", env = "COUNTMEIN_ORGANISER_KEY", hide_env_values = true, value_parser = KeyParser)]
    organiser_key: Option<Secret>,

    /// How others reach this server, for the links it gives out [default: the address that the client used]
    #[arg(long, value_name = "URL", env = "COUNTMEIN_PUBLIC_URL", value_parser = public_url)]
    public_url: Option<Url>,

    /// Requests a second for one client address, in bursts ten times that; 0 for no limit
    #[arg(long, value_name = "NUMBER", env = "COUNTMEIN_RATE_LIMIT", default_value_t = 50)]
    rate_limit: u32,

    /// Take client addresses from the last entry of X-Forwarded-For; only where a reverse proxy writes it
    #[arg(long, env = "COUNTMEIN_BEHIND_PROXY", value_parser = BoolishValueParser::new())]
    behind_proxy: bool,

    /// Who gets everybody's names on every event from `GET /`: clients on this machine (loopback), anyone or nobody
    #[arg(long, value_name = "WHO", env = "COUNTMEIN_LIST_EVERYONE", default_value = "loopback", value_parser = choice::<ListEveryone>())]
    list_everyone: ListEveryone,

    /// The public key (a JWK) by which Flic's cloud signs the presses of its buttons; without it they are refused
    #[arg(long, value_name = "JWK", env = "COUNTMEIN_FLIC_KEY")]
    flic_key: Option<FlicKey>,

    #[command(flatten)]
    mqtt: MqttArgs,

    #[command(flatten)]
    notifications: NotificationArgs,

    #[cfg(feature = "aws")]
    #[command(flatten)]
    remote: super::remote::RemoteArgs,
}

/// Links and pages begin at the root.
fn public_url(text: &str) -> Result<Url, String> {
    let url = server_url(text)?;
    if url.path() == "/" { Ok(url) } else { Err("leave out the path: the pages are at the root of an address".into()) }
}

impl Args {
    pub fn run(self) -> Result<(), Failure> {
        let settings = self.settings()?;
        logging::start()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::Serve(error.into()))?;
        let ended = runtime.block_on(serve::run(settings)).map_err(Failure::Serve);
        // Nobody waits for the answer of a webhook any more.
        runtime.shutdown_background();
        ended
    }

    fn settings(self) -> Result<Settings, Failure> {
        #[cfg(feature = "aws")]
        let store = self.remote.store()?;
        #[cfg(not(feature = "aws"))]
        let store = Store::Sqlite;
        Ok(Settings {
            listen: self.listen,
            data: self.data,
            store,
            organiser_key: self.organiser_key,
            public_url: self.public_url,
            rate_limit: self.rate_limit,
            behind_proxy: self.behind_proxy,
            list_everyone: self.list_everyone,
            flic_key: self.flic_key,
            mqtt: self.mqtt.settings()?,
            notifications: self.notifications.settings()?,
        })
    }
}

fn socket(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "use an IP address and a port, like 127.0.0.1:8100 or [::]:8100")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Serve {
        #[command(flatten)]
        args: Args,
    }

    fn settings(arguments: &[&str]) -> Result<Settings, clap::Error> {
        let serve = Serve::try_parse_from(std::iter::once("serve").chain(arguments.iter().copied()))?;
        Ok(serve.args.settings().expect("the arguments go together"))
    }

    #[test]
    fn by_default_it_serves_this_machine_alone() {
        let settings = settings(&[]).unwrap();
        assert!(settings.listen.ip().is_loopback() && settings.listen.port() == 8100);
        assert_eq!(settings.data, Path::new("./countmein-data"));
        assert!(settings.organiser_key.is_none() && settings.public_url.is_none() && !settings.behind_proxy);
        assert_eq!((settings.rate_limit, settings.list_everyone), (50, ListEveryone::Loopback));
    }

    #[test]
    fn everything_can_be_set() {
        let settings = settings(&[
            "--listen=[::]:80",
            "--data=/srv",
            "--organiser-key=0123456789abcdef",
            "--public-url=https://example.org",
            "--rate-limit=0",
            "--behind-proxy",
            "--list-everyone=nobody",
        ])
        .unwrap();
        assert_eq!(settings.listen, "[::]:80".parse().unwrap());
        assert_eq!(settings.data, Path::new("/srv"));
        assert!(settings.organiser_key.unwrap().is(b"0123456789abcdef"));
        assert_eq!(settings.public_url.unwrap().as_str(), "https://example.org/");
        assert!(settings.behind_proxy);
        assert_eq!((settings.rate_limit, settings.list_everyone), (0, ListEveryone::Nobody));
    }

    #[test]
    fn a_bad_setting_is_wrong_usage() {
        for argument in [
            "--listen=localhost",
            "--listen=127.0.0.1",
            "--organiser-key=short",
            "--public-url=example.org",
            "--public-url=https://example.org/?a",
            "--rate-limit=-1",
            "--rate-limit=many",
            "--list-everyone=friends",
        ] {
            assert_eq!(settings(&[argument]).unwrap_err().exit_code(), 2, "{argument}");
        }
    }
}
