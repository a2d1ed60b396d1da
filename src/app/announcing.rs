//! How people are told while the server serves, and with what; [`followers`](super::followers) do it.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::Notify;
use url::Url;

use crate::adapters::smtp::Smtp;
use crate::adapters::sqlite::Sqlite;
use crate::adapters::webhook::Webhooks;
use crate::app::settings::{Announcing, WebhookPolicy};
use crate::domain::backoff::Noise;
use crate::domain::secret::Secret;
use crate::notify::links::Links;
use crate::notify::text::Words;
use crate::notify::{Asking, Postman};
use crate::ports::Meter;
use crate::ports::{Caller, Mailer, Texter};

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
        Some(_) => {
            let config = crate::adapters::aws::config::of_machine().await?;
            Ok(Some(Arc::new(crate::adapters::sns::Phones::new(&config))))
        }
        None => Ok(None),
    }
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "with AWS it waits for the credentials")]
async fn texter(_: &Announcing) -> anyhow::Result<Option<Arc<dyn Texter>>> {
    Ok(None)
}
