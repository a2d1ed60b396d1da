//! The state that the [notification tasks](super::notification_tasks) share, built from the settings.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::Notify;
use url::Url;

use crate::adapters::smtp::SmtpMailer;
use crate::adapters::sqlite::Sqlite;
use crate::adapters::webhook::WebhookClient;
use crate::app::settings::{NotificationSettings, WebhookPolicy};
use crate::domain::backoff::BackoffPolicy;
use crate::domain::secret::Secret;
use crate::notify::links::Links;
use crate::notify::text::MessageTexts;
use crate::notify::{NotificationSender, OptInsInFlight};
use crate::ports::{Mailer, Meter, SmsSender, WebhookCaller};

/// The state that the notification tasks share.
pub struct NotificationContext {
    pub sqlite: Sqlite,
    pub sender: NotificationSender,
    pub backoff: BackoffPolicy,
    pub metrics: Arc<dyn Meter>,
    /// Signalled when a digest changes; wakes the task that announces.
    pub digests_updated: Notify,
    /// Signalled when direct messages may have been put into the outbox; wakes the task that sends them.
    pub direct_messages_put: Notify,
    /// Signalled when digests are put into the outbox; wakes the task that sends them.
    pub digests_put: Notify,
}

impl NotificationContext {
    /// Creates the state from the settings. Links in notifications start with `public_url`.
    pub async fn new(
        sqlite: Sqlite,
        settings: &NotificationSettings,
        token_secret: Secret,
        public_url: Url,
        metrics: Arc<dyn Meter>,
    ) -> anyhow::Result<Self> {
        let stored_secret = async |name| {
            let text = sqlite.secret(name).await?;
            Secret::new(text).with_context(|| format!("the stored secret {name} is invalid"))
        };
        let ports = Arc::new(sqlite.clone());
        let mailer = settings.mail.as_ref().map(|mail| SmtpMailer::new(&mail.server, &mail.from)).transpose()?;
        let caller = match settings.webhooks {
            WebhookPolicy::Off => None,
            policy => Some(WebhookClient::new(stored_secret("webhook").await?, policy == WebhookPolicy::Any)?),
        };
        let sender = NotificationSender {
            texts: MessageTexts::new(settings.language, settings.names_shown),
            links: Links { public_url, token_secret },
            contact_secret: stored_secret("contact").await?,
            contacts: ports.clone(),
            budgets: ports,
            limits: settings.limits.clone(),
            opt_ins_in_flight: OptInsInFlight::default(),
            metrics: metrics.clone(),
            mailer: mailer.map(|mailer| Arc::new(mailer) as Arc<dyn Mailer>),
            webhook_caller: caller.map(|caller| Arc::new(caller) as Arc<dyn WebhookCaller>),
            sms_sender: sms_sender(settings).await?,
            broadcaster: None,
        };
        Ok(Self {
            sqlite,
            sender,
            backoff: settings.backoff,
            metrics,
            digests_updated: Notify::new(),
            direct_messages_put: Notify::new(),
            digests_put: Notify::new(),
        })
    }
}

/// Creates the sender of text messages, which uses SNS and this machine's AWS credentials. Returns `None` if no calling
/// code is allowed.
#[cfg(feature = "aws")]
async fn sms_sender(settings: &NotificationSettings) -> anyhow::Result<Option<Arc<dyn SmsSender>>> {
    match &settings.limits.sms {
        Some(_) => {
            let config = crate::adapters::aws::config::load_for_machine().await?;
            Ok(Some(Arc::new(crate::adapters::sns::SnsSms::new(&config))))
        }
        None => Ok(None),
    }
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "with the feature `aws`, this function awaits credentials")]
async fn sms_sender(_: &NotificationSettings) -> anyhow::Result<Option<Arc<dyn SmsSender>>> {
    Ok(None)
}
