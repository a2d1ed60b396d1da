//! How people are told while the server serves, and with what; [`followers`](super::followers) do it.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::Notify;
use url::Url;

use crate::adapters::smtp::Smtp;
use crate::adapters::sqlite::Sqlite;
use crate::adapters::webhook::Webhooks;
use crate::app::settings::{NotificationSettings, WebhookPolicy};
use crate::domain::backoff::Noise;
use crate::domain::secret::Secret;
use crate::notify::links::Links;
use crate::notify::text::MessageTexts;
use crate::notify::{NotificationSender, OptInsInFlight};
use crate::ports::{Mailer, Meter, SmsSender, WebhookCaller};

/// What the followers work with.
pub struct NotificationTasks {
    pub sqlite: Sqlite,
    pub sender: NotificationSender,
    pub noise: Noise,
    pub metrics: Arc<dyn Meter>,
    /// Something may be due.
    pub stirred: Notify,
}

impl NotificationTasks {
    /// Links in messages begin with `public_url`.
    pub async fn new(
        sqlite: Sqlite,
        settings: &NotificationSettings,
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
        let sender = NotificationSender {
            texts: MessageTexts::new(settings.language, settings.names_shown),
            links: Links { public_url, token_secret },
            contact_secret: secret("contact").await?,
            contacts: ports.clone(),
            budgets: ports.clone(),
            limits: settings.limits.clone(),
            opt_ins_in_flight: OptInsInFlight::default(),
            metrics: metrics.clone(),
            inbox: Some(ports),
            mailer: mailer.map(|mailer| Arc::new(mailer) as Arc<dyn Mailer>),
            webhook_caller: caller.map(|caller| Arc::new(caller) as Arc<dyn WebhookCaller>),
            sms_sender: sms_sender(settings).await?,
            broadcaster: None,
        };
        Ok(Self { sqlite, sender, noise: settings.noise, metrics, stirred: Notify::new() })
    }
}

/// Over SNS, with this machine's credentials, where texts may go anywhere.
#[cfg(feature = "aws")]
async fn sms_sender(settings: &NotificationSettings) -> anyhow::Result<Option<Arc<dyn SmsSender>>> {
    match &settings.limits.sms {
        Some(_) => {
            let config = crate::adapters::aws::config::of_machine().await?;
            Ok(Some(Arc::new(crate::adapters::sns::Phones::new(&config))))
        }
        None => Ok(None),
    }
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "with AWS it waits for the credentials")]
async fn sms_sender(_: &NotificationSettings) -> anyhow::Result<Option<Arc<dyn SmsSender>>> {
    Ok(None)
}
