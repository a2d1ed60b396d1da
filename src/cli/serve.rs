//! `countmein serve`: runs the server.

use crate::http::base_path::BasePath;
use axum::http::HeaderValue;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::BoolishValueParser;
use clap::value_parser;
use url::Url;

use super::address::parse_server_url;
use super::choice::choice;
use super::error::CliError;
use super::logging;
use super::mqtt::MqttArgs;
use super::notifications::NotificationArgs;
use super::organiser_key::KeyParser;
use crate::adapters::alexa_signatures::AlexaSignatures;
use crate::app::server;
#[cfg(not(feature = "aws"))]
use crate::app::settings::Store;
use crate::app::settings::{ListEveryone, Settings, Site};
use crate::domain::event_creators::EventCreators;
use crate::domain::secret::Secret;
use crate::formats::button::flic_key::FlicKey;
use crate::http::AlexaEndpoint;
use crate::http::site::WebAddress;
use crate::upkeep::{DEFAULT_CONTACT_DAYS, days};

const EXAMPLES: &str = "\
Examples:
  countmein serve                                       serve this machine only
  countmein serve --listen 0.0.0.0:8100                 serve everyone who can reach this machine
  countmein serve --behind-proxy --public-url https://signup.example.org

The first start creates the organiser's key and stores it in the file organiser.key in the data folder.

The log is written to stderr: readable lines on a terminal, JSON lines otherwise. \
RUST_LOG=countmein=debug logs more.";

/// Run the server
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// IP address and port to listen on
    #[arg(long, value_name = "ADDRESS", env = "COUNTMEIN_LISTEN", default_value = "127.0.0.1:8100", value_parser = parse_socket_address)]
    listen: SocketAddr,

    /// Folder for the database and the organiser's key; created if it does not exist
    #[arg(long, value_name = "FOLDER", env = "COUNTMEIN_DATA", default_value = "./countmein-data")]
    data: PathBuf,

    /// Create a new database although the data folder contains keys of an earlier one
    #[arg(long, env = "COUNTMEIN_NEW", value_parser = BoolishValueParser::new())]
    new: bool,

    /// Organiser's key to use instead of the one in the data folder; at least 16 characters. Prefer the environment
    /// variable
    #[arg(long, value_name = "KEY", env = "COUNTMEIN_ORGANISER_KEY", hide_env_values = true, value_parser = KeyParser)]
    organiser_key: Option<Secret>,

    /// Base URL of links to this server, with the path under which a proxy serves it [default: the address that the client used]
    #[arg(long, value_name = "URL", env = "COUNTMEIN_PUBLIC_URL", value_parser = parse_server_url)]
    public_url: Option<Url>,

    /// Origin of another site whose pages may call the API, such as https://www.example.org, or * for all; repeat the option for
    /// several
    #[arg(long, value_name = "ORIGIN", env = "COUNTMEIN_CORS_ORIGIN", value_delimiter = ' ', value_parser = parse_origin)]
    cors_origin: Vec<HeaderValue>,

    /// Address of a page that says who operates the site; every page links to it
    #[arg(long, value_name = "URL", env = "COUNTMEIN_IMPRINT_URL")]
    imprint_url: Option<WebAddress>,

    /// Address of the site's privacy policy; every page links to it
    #[arg(long, value_name = "URL", env = "COUNTMEIN_PRIVACY_URL")]
    privacy_url: Option<WebAddress>,

    /// Maximum requests per second from one client address, with bursts of ten times as many; 0 means no limit
    #[arg(long, value_name = "NUMBER", env = "COUNTMEIN_RATE_LIMIT", default_value_t = 50)]
    rate_limit: u32,

    /// Read client addresses from the last entry of X-Forwarded-For; use it only behind a reverse proxy that sets this
    /// header
    #[arg(long, env = "COUNTMEIN_BEHIND_PROXY", value_parser = BoolishValueParser::new())]
    behind_proxy: bool,

    /// Clients that may list the attendees of all events with `GET /`: those on this machine (loopback), anyone or nobody
    #[arg(long, value_name = "WHO", env = "COUNTMEIN_LIST_EVERYONE", default_value = "loopback", value_parser = choice::<ListEveryone>())]
    list_everyone: ListEveryone,

    /// Who may begin events over HTTP: anyone, or only the organiser. Trusted channels always may
    #[arg(long, value_name = "WHO", env = "COUNTMEIN_NEW_EVENTS", default_value = "anyone", value_parser = choice::<EventCreators>())]
    new_events: EventCreators,

    /// Days for which the contacts of an event are kept after it is over
    #[arg(long, value_name = "DAYS", env = "COUNTMEIN_KEEP_CONTACTS", default_value_t = DEFAULT_CONTACT_DAYS, value_parser = value_parser!(u64).range(0..=3_650))]
    keep_contacts: u64,

    /// Id of the Alexa skill to serve at /alexa, over HTTPS by a proxy
    #[arg(long, value_name = "SKILL", env = "COUNTMEIN_ALEXA_SKILL_ID")]
    alexa_skill_id: Option<String>,

    /// Public key (a JWK) that verifies button presses from Flic's cloud; without it, such presses are refused
    #[arg(long, value_name = "JWK", env = "COUNTMEIN_FLIC_KEY")]
    flic_key: Option<FlicKey>,

    #[command(flatten)]
    mqtt: MqttArgs,

    #[command(flatten)]
    notifications: NotificationArgs,

    #[cfg(feature = "aws")]
    #[command(flatten, next_help_heading = "Storage")]
    storage: super::storage::StorageArgs,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        let settings = self.settings()?;
        logging::start()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| CliError::Serve(error.into()))?;
        let result = runtime.block_on(server::run(settings)).map_err(CliError::Serve);
        // Webhook calls that are still in progress must not delay the exit.
        runtime.shutdown_background();
        result
    }

    fn settings(self) -> Result<Settings, CliError> {
        #[cfg(feature = "aws")]
        let store = self.storage.store()?;
        #[cfg(not(feature = "aws"))]
        let store = Store::Sqlite;
        Ok(Settings {
            listen: self.listen,
            data: self.data,
            new_database: self.new,
            store,
            organiser_key: self.organiser_key,
            site: Site {
                imprint_url: self.imprint_url,
                privacy_url: self.privacy_url,
                base: BasePath::of(self.public_url.as_ref()),
            },
            public_url: self.public_url,
            cors_origins: self.cors_origin,
            rate_limit: self.rate_limit,
            behind_proxy: self.behind_proxy,
            list_everyone: self.list_everyone,
            event_creators: self.new_events,
            contact_retention: days(self.keep_contacts),
            alexa: self.alexa_skill_id.map(alexa_endpoint).transpose()?,
            flic_key: self.flic_key,
            mqtt: self.mqtt.settings()?,
            notifications: self.notifications.settings()?,
        })
    }
}

/// Parses an origin (RFC 6454, section 6.2), or `*`.
fn parse_origin(text: &str) -> Result<HeaderValue, String> {
    let is_origin = || Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text);
    let origin = Some(text).filter(|text| *text == "*" || is_origin());
    origin
        .and_then(|text| HeaderValue::from_str(text).ok())
        .ok_or("use an origin, such as https://www.example.org, or *".into())
}

fn alexa_endpoint(skill_id: String) -> Result<AlexaEndpoint, CliError> {
    let signatures = AlexaSignatures::new().map_err(|error| CliError::Usage(error.to_string()))?;
    Ok(AlexaEndpoint { skill_id, signatures: Arc::new(signatures) })
}

fn parse_socket_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "use an IP address and a port, such as 127.0.0.1:8100 or [::]:8100")
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
        Ok(serve.args.settings().expect("the arguments can be combined"))
    }

    #[test]
    fn default_serves_loopback_only() {
        let settings = settings(&[]).unwrap();
        assert!(settings.listen.ip().is_loopback() && settings.listen.port() == 8100);
        assert_eq!(settings.data, Path::new("./countmein-data"));
        assert!(settings.organiser_key.is_none() && settings.public_url.is_none() && !settings.behind_proxy);
        assert_eq!((settings.rate_limit, settings.list_everyone), (50, ListEveryone::Loopback));
    }

    #[test]
    fn accepts_every_setting() {
        let settings = settings(&[
            "--listen=[::]:80",
            "--data=/srv",
            "--organiser-key=0123456789abcdef",
            "--public-url=https://example.org",
            "--imprint-url=https://example.org/imprint",
            "--privacy-url=http://example.org/privacy",
            "--rate-limit=0",
            "--behind-proxy",
            "--list-everyone=nobody",
        ])
        .unwrap();
        assert_eq!(settings.listen, "[::]:80".parse().unwrap());
        assert_eq!(settings.data, Path::new("/srv"));
        assert!(settings.organiser_key.unwrap().is(b"0123456789abcdef"));
        assert_eq!(settings.public_url.unwrap().as_str(), "https://example.org/");
        assert_eq!(settings.site.imprint_url.unwrap().to_string(), "https://example.org/imprint");
        assert_eq!(settings.site.privacy_url.unwrap().to_string(), "http://example.org/privacy");
        assert!(settings.behind_proxy);
        assert_eq!((settings.rate_limit, settings.list_everyone), (0, ListEveryone::Nobody));
    }

    #[test]
    fn invalid_setting_exits_with_2() {
        for argument in [
            "--listen=localhost",
            "--listen=127.0.0.1",
            "--organiser-key=short",
            "--public-url=example.org",
            "--public-url=https://example.org/?a",
            "--imprint-url=javascript:alert(1)",
            "--privacy-url=example.org",
            "--rate-limit=-1",
            "--rate-limit=many",
            "--list-everyone=friends",
        ] {
            assert_eq!(settings(&[argument]).unwrap_err().exit_code(), 2, "{argument}");
        }
    }
}
