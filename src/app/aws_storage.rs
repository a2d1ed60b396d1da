//! The backend on AWS: a DynamoDB table and an SQS queue, with the background tasks that process the queue.

use std::sync::Arc;

use aws_config::SdkConfig;

use crate::adapters::aws::config;
use crate::adapters::cached_events::CachedEvents;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::secrets_manager as secrets;
use crate::adapters::sqs::Sqs;
use crate::app::keys::{OrganiserKey, organiser_key, read_or_create_key};
use crate::app::secrets::FixedSecrets;
use crate::app::settings::{AwsResources, QueueProcessing, Settings};
use crate::app::storage::{Storage, Task};
use crate::app::worker::{Job, Worker, work_until};
use crate::domain::retry_schedule::RetrySchedule;
use crate::domain::secret::Secret;
use crate::ports::Meter;
use tokio_util::sync::CancellationToken;

/// File name of the token secret in the data folder.
const TOKEN_SECRET: &str = "token.key";

/// Connects to the table and the queue, and creates the tasks. The tasks end when `stop` is cancelled.
pub async fn open(
    aws: &AwsResources,
    settings: &Settings,
    metrics: Arc<dyn Meter>,
    stop: &CancellationToken,
) -> anyhow::Result<Storage> {
    let config = config::load_for_machine().await?;
    let organiser = organiser_key_of(&config, aws, settings).await?;
    let (token_secret, previous_token_secret) = token_secrets_of(&config, aws, settings).await?;
    let contact_secret = match &aws.contact_secret {
        Some(id) => Some(secrets::read_current(&config, id).await?),
        None => None,
    };
    let table = EventsTable::new(&config, &aws.table);
    table.verify_schema().await?;
    let backend = CachedEvents::of(table.backend());
    let queue = Arc::new(Sqs::new(&config, &aws.queue_url));

    let mut tasks: Vec<Task> = Vec::new();
    if aws.queue_processing == QueueProcessing::InProcess {
        let ingest = Worker {
            queue: queue.clone(),
            job: Job::Ingest,
            backend: backend.clone(),
            creators: settings.event_creators,
            retries: RetrySchedule::SQS,
            metrics,
        };
        if let Some(url) = &aws.dead_letter_queue_url {
            let queue = Arc::new(Sqs::dead_letters(&config, url, &aws.queue_url));
            let dead_letters = Worker { queue, job: Job::IngestDeadLetters, ..ingest.clone() };
            tasks.push(Box::pin(work_until(dead_letters, stop.clone())));
        }
        tasks.push(Box::pin(work_until(ingest, stop.clone())));
    }
    Ok(Storage {
        commits: None,
        queue,
        backend,
        import_queue_limit: None,
        limits: None,
        token_secret,
        secrets: Arc::new(FixedSecrets { organiser_key: organiser.key, previous_token_secret, contact_secret }),
        key_location: organiser.location,
        tasks,
        on_close: Box::pin(async {}),
    })
}

async fn organiser_key_of(config: &SdkConfig, aws: &AwsResources, settings: &Settings) -> anyhow::Result<OrganiserKey> {
    match &aws.organiser_secret {
        Some(id) if settings.organiser_key.is_none() => {
            Ok(OrganiserKey { key: secrets::read_current(config, id).await?, location: format!("in the secret {id}") })
        }
        _ => organiser_key(settings),
    }
}

/// Reads the secret that signs links, and its previous value if there is one.
async fn token_secrets_of(
    config: &SdkConfig,
    aws: &AwsResources,
    settings: &Settings,
) -> anyhow::Result<(Secret, Option<Secret>)> {
    match &aws.token_secret {
        Some(id) => Ok((secrets::read_current(config, id).await?, secrets::read_previous(config, id).await?)),
        None => Ok((read_or_create_key(&settings.data, TOKEN_SECRET)?.key, None)),
    }
}
