//! How people are told while the server serves, and with what; [`followers`](super::followers) do it.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::Notify;
use url::Url;

use crate::links::Links;
use crate::metrics::Meter;
use crate::outbound::{Caller, Mailer, Texter};
use crate::postman::{Asking, Guards, Postman};
use crate::quiet::Noise;
use crate::secret::Secret;
use crate::standalone::smtp::Smtp;
use crate::standalone::sqlite::Sqlite;
use crate::standalone::webhook::Webhooks;
use crate::words::{Language, NAMES_SHOWN, Words};

/// How people are told.
#[derive(Debug, Clone)]
pub struct Announcing {
    pub noise: Noise,
    pub language: Language,
    /// Names that an announcement shows; the rest are counted.
    pub names_shown: usize,
    /// Without it no mail is sent.
    pub mail: Option<MailSettings>,
    pub webhooks: WebhookPolicy,
    pub guards: Guards,
}

/// The mail server, and whom mail comes from.
#[derive(Debug, Clone)]
pub struct MailSettings {
    pub server: Url,
    pub from: String,
}

/// Which webhooks are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookPolicy {
    Off,
    /// At addresses of the public internet.
    Public,
    /// On this machine and in its network too.
    Any,
}

impl Default for Announcing {
    fn default() -> Self {
        Self {
            noise: Noise::default(),
            language: Language::default(),
            names_shown: NAMES_SHOWN,
            mail: None,
            webhooks: WebhookPolicy::Public,
            guards: Guards { confirmations_an_hour: 100, sms: None },
        }
    }
}

/// What the followers work with.
pub struct Announcements {
    pub sqlite: Sqlite,
    pub postman: Postman,
    pub noise: Noise,
    pub metrics: Arc<dyn Meter>,
    /// Something may be due.
    pub stirred: Notify,
}

impl Announcements {
    /// Links in messages begin with `public_url`.
    pub async fn new(
        sqlite: Sqlite,
        settings: &Announcing,
        token_secret: Secret,
        public_url: Url,
        metrics: Arc<dyn Meter>,
    ) -> anyhow::Result<Self> {
        let secret = async |name| {
            let text = sqlite.secret(name).await?;
            Secret::new(text).with_context(|| format!("the stored secret {name}"))
        };
        let ports = Arc::new(sqlite.clone());
        let mailer = settings.mail.as_ref().map(|mail| Smtp::new(&mail.server, &mail.from)).transpose()?;
        let caller = match settings.webhooks {
            WebhookPolicy::Off => None,
            policy => Some(Webhooks::new(secret("webhook").await?, policy == WebhookPolicy::Any)?),
        };
        let postman = Postman {
            words: Words::new(settings.language, settings.names_shown),
            links: Links { public_url, token_secret },
            contact_secret: secret("contact").await?,
            contacts: ports.clone(),
            budgets: ports.clone(),
            guards: settings.guards.clone(),
            asking: Asking::default(),
            metrics: metrics.clone(),
            inbox: Some(ports),
            mailer: mailer.map(|mailer| Arc::new(mailer) as Arc<dyn Mailer>),
            caller: caller.map(|caller| Arc::new(caller) as Arc<dyn Caller>),
            texter: texter(settings).await?,
            broadcaster: None,
        };
        Ok(Self { sqlite, postman, noise: settings.noise, metrics, stirred: Notify::new() })
    }
}

/// Over SNS, with this machine's credentials, where texts may go anywhere.
#[cfg(feature = "aws")]
async fn texter(settings: &Announcing) -> anyhow::Result<Option<Arc<dyn Texter>>> {
    match &settings.guards.sms {
        Some(_) => Ok(Some(crate::aws::home::texter().await?)),
        None => Ok(None),
    }
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "with AWS it waits for the credentials")]
async fn texter(_: &Announcing) -> anyhow::Result<Option<Arc<dyn Texter>>> {
    Ok(None)
}
