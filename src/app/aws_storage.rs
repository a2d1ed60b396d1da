//! The backend on AWS: a DynamoDB table and an SQS queue, with the tasks that work on them.

use std::sync::Arc;

use anyhow::Context as _;
use aws_config::SdkConfig;

use crate::adapters::aws::config;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::secrets_manager as secrets;
use crate::adapters::sqs::Sqs;
use crate::app::keys::{OrganiserKey, organiser_key, read_or_create_key};
use crate::app::secrets::FixedSecrets;
use crate::app::settings::{Pipeline, Remote, Settings};
use crate::app::storage::{Storage, Task};
use crate::app::worker::{Job, Worker, work_until};
use crate::domain::secret::Secret;
use crate::ingest::RetrySchedule;
use crate::ports::Meter;
use tokio_util::sync::CancellationToken;

/// The name of the token secret in the data folder.
const TOKEN_SECRET: &str = "token.key";

pub async fn open(
    remote: &Remote,
    settings: &Settings,
    metrics: Arc<dyn Meter>,
    stop: &CancellationToken,
) -> anyhow::Result<Storage> {
    std::fs::create_dir_all(&settings.data)
        .with_context(|| format!("cannot make the folder {}", settings.data.display()))?;
    let config = config::load_for_machine().await?;
    let organiser = organiser_key_of(&config, remote, settings).await?;
    let (token_secret, previous_token_secret) = token_secrets_of(&config, remote, settings).await?;
    let table = EventsTable::new(&config, &remote.table);
    table.must_be_there().await?;
    let backend = table.backend();
    let queue = Arc::new(Sqs::new(&config, &remote.queue_url));

    let mut tasks: Vec<Task> = Vec::new();
    if remote.pipeline == Pipeline::Here {
        let ingest = Worker {
            queue: queue.clone(),
            job: Job::Ingest,
            backend: backend.clone(),
            retries: RetrySchedule::SQS,
            metrics,
        };
        if let Some(url) = &remote.dead_letter_queue_url {
            let queue = Arc::new(Sqs::dead_letters(&config, url, &remote.queue_url));
            let dead_letters = Worker { queue, job: Job::IngestDeadLetters, ..ingest.clone() };
            tasks.push(Box::pin(work_until(dead_letters, stop.clone())));
        }
        tasks.push(Box::pin(work_until(ingest, stop.clone())));
    }
    Ok(Storage {
        queue,
        backend,
        import_queue_limit: None,
        limits: None,
        token_secret,
        secrets: Arc::new(FixedSecrets { organiser_key: organiser.key, previous_token_secret }),
        key_location: organiser.location,
        tasks,
        on_close: Box::pin(async {}),
    })
}

async fn organiser_key_of(config: &SdkConfig, remote: &Remote, settings: &Settings) -> anyhow::Result<OrganiserKey> {
    match &remote.organiser_secret {
        Some(id) if settings.organiser_key.is_none() => {
            Ok(OrganiserKey { key: secrets::read_current(config, id).await?, location: format!("in the secret {id}") })
        }
        _ => organiser_key(settings),
    }
}

/// What signs links, and what did before.
async fn token_secrets_of(
    config: &SdkConfig,
    remote: &Remote,
    settings: &Settings,
) -> anyhow::Result<(Secret, Option<Secret>)> {
    match &remote.token_secret {
        Some(id) => Ok((secrets::read_current(config, id).await?, secrets::read_previous(config, id).await?)),
        None => Ok((read_or_create_key(&settings.data, TOKEN_SECRET)?.key, None)),
    }
}
