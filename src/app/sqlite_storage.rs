//! Opens the SQLite backend in the data folder, with its background tasks.

use std::sync::Arc;

use anyhow::Context as _;
use strum::VariantArray as _;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::adapters::cached_events::CachedEvents;
use crate::adapters::sqlite::{DATABASE, RESTORE, Sqlite};
use crate::app::keys::{ORGANISER_KEY, organiser_key};
use crate::app::notification_context::NotificationContext;
use crate::app::notification_tasks::{NotificationTask, run_until};
use crate::app::secrets::FixedSecrets;
use crate::app::settings::Settings;
use crate::app::storage::{Storage, Task};
use crate::app::upkeep::upkeep_until;
use crate::app::worker::{Job, Worker, work_until};
use crate::domain::clock;
use crate::domain::retry_schedule::RetrySchedule;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::ports::Meter;

/// An import waits while the queue holds more messages than this, so that other sign-ups are not delayed. `ingest`
/// processes this number of messages in less than a second.
const IMPORT_QUEUE_LIMIT: u64 = 2_000;

/// Opens the database and creates the background tasks. Links in notifications start with `public_url`. The tasks end
/// when `stop` is cancelled.
pub async fn open(
    settings: &Settings,
    public_url: Url,
    metrics: Arc<dyn Meter>,
    stop: &CancellationToken,
) -> anyhow::Result<Storage> {
    check_for_lost_database(settings)?;
    let sqlite = Sqlite::open_with_metrics(&settings.data, metrics.clone())?;
    sqlite.end_leases(Timestamp::now()).await?;
    sqlite.end_claims(clock::now()).await?;
    sqlite.end_watermark_claims(clock::now()).await?;
    let organiser = organiser_key(settings)?;
    let token_secret = Secret::new(sqlite.secret("token").await?).context("the stored token secret is invalid")?;
    let contact_secret =
        Secret::new(sqlite.secret("contact").await?).context("the stored contact secret is invalid")?;
    let queue = Arc::new(sqlite.clone());
    let backend = CachedEvents::of(sqlite.backend());
    let ingest = Worker {
        queue: queue.clone(),
        job: Job::Ingest,
        backend: backend.clone(),
        creators: settings.event_creators,
        retries: RetrySchedule::LOCAL,
        metrics: metrics.clone(),
    };
    let context = Arc::new(
        NotificationContext::new(sqlite.clone(), &settings.notifications, token_secret.clone(), public_url, metrics)
            .await?,
    );
    let mut tasks: Vec<Task> = vec![
        Box::pin(work_until(ingest, stop.clone())),
        Box::pin(upkeep_until(sqlite.clone(), settings.contact_retention, stop.clone())),
    ];
    for task in NotificationTask::VARIANTS.iter().copied() {
        tasks.push(Box::pin(run_until(context.clone(), task, stop.clone())));
    }
    Ok(Storage {
        commits: Some(sqlite.commits()),
        queue,
        backend,
        import_queue_limit: Some(IMPORT_QUEUE_LIMIT),
        limits: Some(settings.notifications.limits.clone()),
        token_secret,
        secrets: Arc::new(FixedSecrets {
            organiser_key: organiser.key,
            previous_token_secret: None,
            contact_secret: Some(contact_secret),
        }),
        key_location: organiser.location,
        tasks,
        on_close: Box::pin(async move { sqlite.checkpoint().await }),
    })
}

/// Refuses a folder with a key but without a database or a backup to restore. Probably the database was moved or deleted
/// by mistake, and a new one would make all links invalid.
fn check_for_lost_database(settings: &Settings) -> anyhow::Result<()> {
    let (key, database) = (settings.data.join(ORGANISER_KEY), settings.data.join(DATABASE));
    let is_lost = key.exists() && !database.exists() && !settings.data.join(RESTORE).exists();
    anyhow::ensure!(
        !is_lost || settings.new_database,
        "{} is missing, but {} exists; restore the database from a backup, or pass --new to create an empty one",
        database.display(),
        key.display()
    );
    Ok(())
}
