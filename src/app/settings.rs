//! What `countmein serve` is told.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use strum::{EnumString, VariantNames};
use url::Url;

use crate::adapters::mqtt::MqttSettings;
use crate::domain::backoff::Noise;
use crate::domain::secret::Secret;
use crate::formats::button::flic_key::FlicKey;
pub use crate::http::client::ListEveryone;
use crate::notify::Limits;
use crate::notify::text::{Language, NAMES_SHOWN};

/// What `countmein serve` is told.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    /// The folder of the database and the organiser's key.
    pub data: PathBuf,
    pub store: Store,
    /// Instead of the key in the data folder.
    pub organiser_key: Option<Secret>,
    /// How others reach this server; links begin with it. Without it a link begins with the address that the
    /// client used.
    pub public_url: Option<Url>,
    /// Requests a second for one client address, with bursts of ten times that; 0 is without a limit.
    pub rate_limit: u32,
    /// Client addresses come from the last entry of `X-Forwarded-For`, as a reverse proxy writes it.
    pub behind_proxy: bool,
    pub list_everyone: ListEveryone,
    pub notifications: NotificationSettings,
    /// Flic's public key, where its buttons are taken.
    pub flic_key: Option<FlicKey>,
    /// The broker whose buttons are heard.
    pub mqtt: Option<MqttSettings>,
}

impl Settings {
    /// How this server is reached that serves at an address: as the operator says, else by that.
    pub fn public_url_at(&self, address: SocketAddr) -> anyhow::Result<Url> {
        if let Some(url) = &self.public_url {
            return Ok(url.clone());
        }
        let here = match address.ip() {
            ip if ip.is_unspecified() => format!("localhost:{}", address.port()),
            _ => address.to_string(),
        };
        Url::parse(&format!("http://{here}/")).context("the address of this server")
    }
}

/// Where sign-ups and attendees are kept.
#[derive(Debug, Clone)]
pub enum Store {
    /// In one file of the data folder.
    Sqlite,
    /// In a table and a queue on AWS.
    #[cfg(feature = "aws")]
    Remote(Remote),
}

/// How people are told.
#[derive(Debug, Clone)]
pub struct NotificationSettings {
    pub noise: Noise,
    pub language: Language,
    /// Names that an announcement shows; the rest are counted.
    pub names_shown: usize,
    /// Without it no mail is sent.
    pub mail: Option<MailSettings>,
    pub webhooks: WebhookPolicy,
    pub limits: Limits,
}

/// The mail server, and whom mail comes from.
#[derive(Debug, Clone)]
pub struct MailSettings {
    pub server: Url,
    pub from: String,
}

/// Which webhooks are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum WebhookPolicy {
    Off,
    /// At addresses of the public internet.
    Public,
    /// On this machine and in its network too.
    Any,
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            noise: Noise::default(),
            language: Language::default(),
            names_shown: NAMES_SHOWN,
            mail: None,
            webhooks: WebhookPolicy::Public,
            limits: Limits { opt_ins_per_hour: 100, sms: None },
        }
    }
}

#[cfg(feature = "aws")]
/// Which table and queue, and whose secrets.
#[derive(Debug, Clone)]
pub struct Remote {
    pub table: String,
    pub queue_url: String,
    /// The queue's dead-letter queue, whose messages go to the rejects.
    pub dead_letter_queue_url: Option<String>,
    /// A secret of Secrets Manager instead of the data folder's key.
    pub organiser_secret: Option<String>,
    /// A secret of Secrets Manager instead of the data folder's.
    pub token_secret: Option<String>,
    pub pipeline: Pipeline,
}

#[cfg(feature = "aws")]
/// Who brings messages onto the roster and changes into the digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipeline {
    /// This program.
    Here,
    /// The functions of a deployed stack.
    InFunctions,
}
