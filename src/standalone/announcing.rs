//! The changes of the roster to everybody who is in, while the server serves.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;
use url::Url;

use crate::fanout::{Announcer, take_in};
use crate::links::Links;
use crate::metrics::Meter;
use crate::outbound::{Caller, Mailer, Texter};
use crate::ports::{Change, ChangeFeed as _, Digests as _, Unavailable};
use crate::postman::{Asking, Guards, Postman};
use crate::quiet::Noise;
use crate::secret::Secret;
use crate::standalone::smtp::Smtp;
use crate::standalone::sqlite::Sqlite;
use crate::standalone::webhook::Webhooks;
use crate::timestamp::Timestamp;
use crate::words::{Language, NAMES_SHOWN, Words};

/// Changes taken in at once: fewer than a digest remembers, so that those of the last time count once when the program
/// was stopped before it wrote down how far it had come.
const BATCH: usize = 200;

/// Events looked at in one turn.
const DUE: usize = 100;

/// Between two looks at a feed that told nothing.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a page may take to its end when the program stops. Who was told and not noted down is told again.
const GRACE: Duration = Duration::from_secs(3);

/// Notifications on their way at once.
const AT_ONCE: usize = 32;

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

/// What the loop works with.
pub struct Announcements {
    sqlite: Sqlite,
    postman: Postman,
    noise: Noise,
    metrics: Arc<dyn Meter>,
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
        Ok(Self { sqlite, postman, noise: settings.noise, metrics })
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

/// Follows the changes and sends what is due until `stop` says so; a page that has begun is finished.
pub async fn announce_until(announcements: Announcements, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let turn = tokio::select! {
            turn = announcements.turn(&stop) => turn,
            () = too_late(stop.clone()) => return,
        };
        let rest = match turn {
            Ok(true) => continue,
            Ok(false) => PAUSE,
            Err(unavailable) => {
                tracing::error!(%unavailable, "people are told in a moment");
                PAUSE
            }
        };
        let _ = tokio::time::timeout(rest, stop.changed()).await;
    }
}

/// Some time after the stop.
async fn too_late(mut stop: watch::Receiver<bool>) {
    // The program is over where nobody can say so any more.
    let _ = stop.wait_for(|stop| *stop).await;
    tokio::time::sleep(GRACE).await;
}

impl Announcements {
    /// Whether there may be more to do at once.
    async fn turn(&self, stop: &watch::Receiver<bool>) -> Result<bool, Unavailable> {
        let position = self.sqlite.position().await?;
        let page = self.sqlite.changes(&position, BATCH).await?;
        let is_full = page.len() == BATCH;
        if let Some((last, _)) = page.last() {
            let last = last.clone();
            let changes: Vec<Change> = page.into_iter().map(|(_, change)| change).collect();
            let now = Timestamp::now();
            take_in(&changes, &self.sqlite, &self.noise, now).await?;
            self.postman.welcome(&changes, now).await;
            self.postman.send_links(&changes, now).await;
            self.sqlite.set_position(&last).await?;
        }
        for (event, _) in self.sqlite.due(Timestamp::now(), DUE).await? {
            if *stop.borrow() {
                return Ok(false);
            }
            let announcer = Announcer {
                digests: &self.sqlite,
                roster: &self.sqlite,
                notifier: &self.postman,
                noise: self.noise,
                at_once: AT_ONCE,
                clock: &Timestamp::now,
            };
            // So that others, and a stop, are not kept waiting by a large event.
            let until = Timestamp::now().plus(Duration::from_secs(1));
            // One event that cannot be told keeps no other waiting.
            match announcer.announce(&event, until).await {
                Ok(tally) => self.metrics.announced(&tally),
                Err(unavailable) => tracing::error!(%unavailable, event.id = %event, "people are told in a moment"),
            }
        }
        Ok(is_full)
    }
}
