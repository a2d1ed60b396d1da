//! The settings of `countmein serve`.

use axum::http::HeaderValue;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use strum::{EnumString, VariantNames};
use url::Url;

use crate::adapters::mqtt::MqttSettings;
use crate::domain::backoff::BackoffPolicy;
use crate::domain::event_creators::EventCreators;
use crate::domain::language::Language;
use crate::domain::secret::Secret;
use crate::formats::button::flic_key::FlicKey;
use crate::http::AlexaEndpoint;
pub use crate::http::client::ListEveryone;
pub use crate::http::site::Site;
use crate::notify::Limits;
use crate::notify::text::DEFAULT_NAMES_SHOWN;

/// The settings of `countmein serve`.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    /// The folder that holds the database and the organiser's key.
    pub data: PathBuf,
    /// Whether to create a database in a folder that contains keys of an earlier one.
    pub new_database: bool,
    pub store: Store,
    /// Replaces the organiser's key in the data folder.
    pub organiser_key: Option<Secret>,
    /// The base URL of links. If it is not set, a link starts with the address that the client used.
    pub public_url: Option<Url>,
    /// The origins of other sites whose pages may call the API.
    pub cors_origins: Vec<HeaderValue>,
    /// Requests per second allowed for one client address; a burst may be ten times as large. 0 means no limit.
    pub rate_limit: u32,
    /// Reads client addresses from the last entry of `X-Forwarded-For`, which a reverse proxy writes.
    pub behind_proxy: bool,
    /// The links in the footer of the pages.
    pub site: Site,
    pub list_everyone: ListEveryone,
    /// Who may begin events over HTTP.
    pub event_creators: EventCreators,
    /// How long the contacts of an event are kept after it is over.
    pub contact_retention: Duration,
    pub notifications: NotificationSettings,
    /// The Alexa skill. Without it, the server has none.
    pub alexa: Option<AlexaEndpoint>,
    /// Flic's public key, which verifies presses of Flic buttons. Without it, their presses are refused.
    pub flic_key: Option<FlicKey>,
    /// The MQTT broker to receive button presses from.
    pub mqtt: Option<MqttSettings>,
}

impl Settings {
    /// The base URL of links: the configured one, or else the URL of the address that the server listens on.
    pub fn public_url_at(&self, address: SocketAddr) -> anyhow::Result<Url> {
        if let Some(url) = &self.public_url {
            return Ok(url.clone());
        }
        let authority = match address.ip() {
            ip if ip.is_unspecified() => format!("localhost:{}", address.port()),
            _ => address.to_string(),
        };
        Url::parse(&format!("http://{authority}/")).context("the listen address is not a valid URL")
    }
}

/// The storage backend for sign-ups and attendees.
#[derive(Debug, Clone)]
pub enum Store {
    /// One database file in the data folder.
    Sqlite,
    /// A DynamoDB table and an SQS queue.
    #[cfg(feature = "aws")]
    Aws(AwsResources),
}

/// Settings of the notifications.
#[derive(Debug, Clone)]
pub struct NotificationSettings {
    pub backoff: BackoffPolicy,
    pub language: Language,
    /// Maximum number of names in a notification. The remaining people are only counted.
    pub names_shown: usize,
    /// The mail server. If it is not set, no email is sent.
    pub mail: Option<MailSettings>,
    pub webhooks: WebhookPolicy,
    pub limits: Limits,
}

/// The mail server, and the sender of emails.
#[derive(Debug, Clone)]
pub struct MailSettings {
    pub server: Url,
    pub from: String,
}

/// The webhook addresses that may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum WebhookPolicy {
    Off,
    /// Addresses on the public internet.
    Public,
    /// Addresses on the public internet, in this network, and on this machine.
    Any,
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            backoff: BackoffPolicy::default(),
            language: Language::default(),
            names_shown: DEFAULT_NAMES_SHOWN,
            mail: None,
            webhooks: WebhookPolicy::Public,
            limits: Limits { opt_ins_per_hour: 300, sms: None },
        }
    }
}

/// The AWS resources to use.
#[cfg(feature = "aws")]
#[derive(Debug, Clone)]
pub struct AwsResources {
    pub table: String,
    pub queue_url: String,
    /// The queue's dead-letter queue. Its messages are stored as rejected messages.
    pub dead_letter_queue_url: Option<String>,
    /// The Secrets Manager secret that replaces the organiser's key in the data folder.
    pub organiser_secret: Option<String>,
    /// The Secrets Manager secret that replaces the token secret in the data folder.
    pub token_secret: Option<String>,
    /// The Secrets Manager secret from which the functions derive the ids of contacts. Without it, the opt-in of an
    /// address is unknown.
    pub contact_secret: Option<String>,
    pub queue_processing: QueueProcessing,
}

/// Which program applies the messages of the queue to the roster.
#[cfg(feature = "aws")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueProcessing {
    /// This program.
    InProcess,
    /// The Lambda function `ingest` of a deployed stack.
    InFunctions,
}
