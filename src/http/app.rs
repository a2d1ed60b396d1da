//! The state that the routes share.

use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::domain::event_creators::EventCreators;
use crate::domain::secret::Secret;
use crate::formats::button::flic_key::FlicKey;
use crate::http::client::ListEveryone;
use crate::http::live_pages::LivePages;
use crate::http::middleware::rate_limit::RateLimit;
use crate::http::site::Site;
use crate::notify::Limits;
use crate::notify::text::MessageTexts;
use crate::ports::{Backend, Downloads, Exposition, Meter, Queue, RequestSignatures, Secrets, Unavailable};

/// The kinds of messages that a server can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    pub email: bool,
    pub sms: bool,
    pub webhooks: bool,
}

/// The Alexa skill that a server serves.
#[derive(Clone)]
pub struct AlexaEndpoint {
    /// Amazon's id of the skill.
    pub skill_id: String,
    pub signatures: Arc<dyn RequestSignatures>,
}

/// Shows the skill's id only.
impl fmt::Debug for AlexaEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AlexaEndpoint({})", self.skill_id)
    }
}

impl Delivery {
    /// Whether messages go to people, and not only to programs.
    pub fn reaches_people(self) -> bool {
        self.email || self.sms
    }
}

/// The state that the routes share: backends, secrets and settings.
pub struct App {
    pub queue: Arc<dyn Queue>,
    pub backend: Backend,
    /// An import waits while the queue holds more messages than this, so that other sign-ups are not delayed.
    /// `None` if imports never wait, because a long queue delays nobody.
    pub import_queue_limit: Option<u64>,
    /// Stores files that are too large for a response. `None` if a response can have any size.
    pub downloads: Option<Arc<dyn Downloads>>,
    /// Verifies the tokens of Flic's cloud. Without a key, requests from Flic's cloud are refused.
    pub flic_key: Option<FlicKey>,
    /// The Alexa skill. `None` if this server does not serve it.
    pub alexa: Option<AlexaEndpoint>,
    /// The texts of the messages on attendees' pages.
    pub texts: MessageTexts,
    /// The limits on notifications. `None` if this program sends no notifications.
    pub limits: Option<Limits>,
    /// What this server can send.
    pub delivery: Delivery,
    /// Signs manage links.
    pub token_secret: Secret,
    pub secrets: Arc<dyn Secrets>,
    /// The base URL of links to this server. If it is not set, links start with the request's `Host`.
    pub public_url: Option<Url>,
    /// The links in the footer of the pages.
    pub site: Site,
    pub list_everyone: ListEveryone,
    /// Who may begin events over HTTP.
    pub event_creators: EventCreators,
    /// Limits how fast a client can guess the organiser's key.
    pub login_limit: Arc<RateLimit>,
    pub metrics: Arc<dyn Meter>,
    /// Encodes the metrics for `GET /metrics`. `None` if this server has no such route.
    pub exposition: Option<Arc<dyn Exposition>>,
    /// The pages that have not changed. `None` if other programs change what is stored, too.
    pub live: Option<Arc<LivePages>>,
}

impl App {
    /// Verifies a token with the current secret, or with the previous one if the secret was rotated.
    pub async fn verify<T>(&self, verify: impl Fn(&Secret) -> Option<T> + Send) -> Result<Option<T>, Unavailable> {
        if let Some(verified) = verify(&self.token_secret) {
            return Ok(Some(verified));
        }
        Ok(self.secrets.previous_token_secret().await?.and_then(|secret| verify(&secret)))
    }
}
