//! Where the program keeps its data, and the loops that work on it while the server serves.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::watch;
use url::Url;

use crate::metrics::Meter;
use crate::ports::{Buttons, Contacts, Idempotency, Inbox, Queue, Rejects, Roster, Secrets};
use crate::postman::GuardWatch;
use crate::secret::{KnownSecrets, Secret};
use crate::standalone::announcing::Announcements;
use crate::standalone::followers::{Part, follow_until};
use crate::standalone::key_file::{self, KeyFile};
use crate::standalone::serve::{Settings, Store};
use crate::standalone::sqlite::Sqlite;
use crate::standalone::worker::{Ingest, Task, Worker, upkeep_until, work_until};

/// The name of the organiser's key in the data folder.
pub const ORGANISER_KEY: &str = "organiser.key";

/// Messages ahead of a sign-up that nobody notices: `ingest` is done with them in some tenths of a second.
const IMPORT_ROOM: u64 = 2_000;

/// The backend, port by port, with its secrets and its loops.
pub struct Home {
    pub queue: Arc<dyn Queue>,
    pub roster: Arc<dyn Roster>,
    pub rejects: Arc<dyn Rejects>,
    pub idempotency: Arc<dyn Idempotency>,
    pub buttons: Arc<dyn Buttons>,
    pub import_room: Option<u64>,
    pub contacts: Option<Arc<dyn Contacts>>,
    pub inbox: Option<Arc<dyn Inbox>>,
    pub guards: Option<GuardWatch>,
    pub token_secret: Secret,
    pub secrets: Arc<dyn Secrets>,
    /// Where the organiser's key is, for the operator.
    pub key_whereabouts: String,
    pub loops: Vec<Loop>,
    /// What is to be done once all loops have ended.
    pub closing: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Runs until the channel says `true`, and finishes what it has begun.
pub type Loop = Box<dyn FnOnce(watch::Receiver<bool>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Boxes a loop of [`worker`](crate::standalone::worker)'s form.
pub fn looping<F>(start: impl FnOnce(watch::Receiver<bool>) -> F + Send + 'static) -> Loop
where
    F: Future<Output = ()> + Send + 'static,
{
    Box::new(|stop| Box::pin(start(stop)))
}

impl Home {
    /// Links in messages begin with `public_url`.
    pub async fn open(settings: &Settings, public_url: Url, metrics: Arc<dyn Meter>) -> anyhow::Result<Self> {
        match &settings.store {
            Store::Sqlite => Self::in_folder(settings, public_url, metrics).await,
            #[cfg(feature = "aws")]
            Store::Remote(remote) => crate::aws::home::open(remote, settings, metrics).await,
        }
    }

    async fn in_folder(settings: &Settings, public_url: Url, metrics: Arc<dyn Meter>) -> anyhow::Result<Self> {
        let sqlite = Sqlite::open(&settings.data)?;
        let (organiser_key, key_whereabouts) = organiser_key(settings)?;
        let token_secret = Secret::new(sqlite.secret("token").await?).context("the stored token secret")?;
        let ports = Arc::new(sqlite.clone());
        let task = Task::Ingest(Ingest {
            roster: ports.clone(),
            rejects: ports.clone(),
            buttons: ports.clone(),
            idempotency: ports.clone(),
        });
        let ingest = Worker { queue: ports.clone(), task, metrics: metrics.clone() };
        let upkeep = sqlite.clone();
        let announcements =
            Announcements::new(sqlite.clone(), &settings.announcing, token_secret.clone(), public_url, metrics).await?;
        let mut loops = vec![looping(|stop| work_until(ingest, stop)), looping(|stop| upkeep_until(upkeep, stop))];
        let announcements = Arc::new(announcements);
        for part in [Part::TakeIn, Part::Answer, Part::Tell] {
            let announcements = announcements.clone();
            loops.push(looping(move |stop| follow_until(announcements, part, stop)));
        }
        Ok(Self {
            queue: ports.clone(),
            roster: ports.clone(),
            rejects: ports.clone(),
            idempotency: ports.clone(),
            buttons: ports.clone(),
            import_room: Some(IMPORT_ROOM),
            contacts: Some(ports.clone()),
            guards: Some(GuardWatch { guards: settings.announcing.guards.clone(), budgets: ports.clone() }),
            inbox: Some(ports),
            token_secret,
            secrets: Arc::new(KnownSecrets { organiser_key, previous_token_secret: None }),
            key_whereabouts,
            loops,
            closing: Box::pin(async move { sqlite.checkpoint().await }),
        })
    }
}

/// The organiser's key as given, or of the data folder, and where that is.
pub fn organiser_key(settings: &Settings) -> anyhow::Result<(Secret, String)> {
    match &settings.organiser_key {
        Some(key) => Ok((key.clone(), "as given".to_owned())),
        None => {
            let file = key_of(&settings.data, ORGANISER_KEY)?;
            let made = if file.is_new { "made just now, in" } else { "in" };
            Ok((file.key, format!("{made} {}", file.path.display())))
        }
    }
}

/// A key of the data folder.
pub fn key_of(folder: &Path, name: &str) -> anyhow::Result<KeyFile> {
    key_file::read_or_make(folder, name).with_context(|| format!("cannot read {name} in {}", folder.display()))
}
