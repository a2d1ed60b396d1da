//! The program's home on AWS: a table and a queue of a deployed stack, the server and the queue's loops on this machine.
//! The stack's function `fanout` follows the table's stream: it counts, and sends notifications.

use std::sync::Arc;

use anyhow::Context as _;
use aws_config::SdkConfig;

use crate::aws::events_table::EventsTable;
use crate::aws::sns::Phones;
use crate::aws::sqs::Sqs;
use crate::aws::{config, secrets};
use crate::metrics::Meter;
use crate::outbound::Texter;
use crate::secret::{KnownSecrets, Secret};
use crate::standalone::home::{Home, key_of, looping, organiser_key};
use crate::standalone::serve::Settings;
use crate::standalone::worker::{Ingest, Task, Worker, work_until};

/// The name of the token secret in the data folder.
const TOKEN_SECRET: &str = "token.key";

/// Which table and queue, and whose secrets.
#[derive(Debug, Clone)]
pub struct Remote {
    pub table: String,
    pub queue_url: String,
    /// The queue's dead-letter queue, whose messages go to the rejects.
    pub dead_letters_url: Option<String>,
    /// A secret of Secrets Manager instead of the data folder's key.
    pub organiser_secret: Option<String>,
    /// A secret of Secrets Manager instead of the data folder's.
    pub token_secret: Option<String>,
    pub pipeline: Pipeline,
}

/// Who brings messages from the queue onto the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipeline {
    /// This program.
    Here,
    /// The functions of a deployed stack.
    InFunctions,
}

pub async fn open(remote: &Remote, settings: &Settings, metrics: Arc<dyn Meter>) -> anyhow::Result<Home> {
    std::fs::create_dir_all(&settings.data)
        .with_context(|| format!("cannot make the folder {}", settings.data.display()))?;
    let config = config::of_machine().await?;
    let (organiser_key, key_whereabouts) = organiser_key_of(&config, remote, settings).await?;
    let (token_secret, previous_token_secret) = token_secrets_of(&config, remote, settings).await?;
    let table = EventsTable::new(&config, &remote.table);
    table.must_be_there().await?;
    let ports = Arc::new(table);
    let queue = Arc::new(Sqs::new(&config, &remote.queue_url));

    let mut loops = Vec::new();
    if remote.pipeline == Pipeline::Here {
        let task = Task::Ingest(Ingest {
            roster: ports.clone(),
            rejects: ports.clone(),
            buttons: ports.clone(),
            idempotency: ports.clone(),
        });
        let ingest = Worker { queue: queue.clone(), task, metrics: metrics.clone() };
        loops.push(looping(|stop| work_until(ingest, stop)));
        if let Some(url) = &remote.dead_letters_url {
            let task = Task::Bury { rejects: ports.clone() };
            let bury = Worker { queue: Arc::new(Sqs::new(&config, url)), task, metrics };
            loops.push(looping(|stop| work_until(bury, stop)));
        }
    }
    Ok(Home {
        queue,
        roster: ports.clone(),
        rejects: ports.clone(),
        buttons: ports.clone(),
        import_room: None,
        idempotency: ports,
        contacts: None,
        inbox: None,
        guards: None,
        token_secret,
        secrets: Arc::new(KnownSecrets { organiser_key, previous_token_secret }),
        key_whereabouts,
        loops,
        closing: Box::pin(async {}),
    })
}

/// Texts phones over SNS, with the credentials of this machine.
pub async fn texter() -> anyhow::Result<Arc<dyn Texter>> {
    Ok(Arc::new(Phones::new(&config::of_machine().await?)))
}

async fn organiser_key_of(
    config: &SdkConfig,
    remote: &Remote,
    settings: &Settings,
) -> anyhow::Result<(Secret, String)> {
    match &remote.organiser_secret {
        Some(id) if settings.organiser_key.is_none() => {
            Ok((secrets::current(config, id).await?, format!("in the secret {id}")))
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
        Some(id) => Ok((secrets::current(config, id).await?, secrets::previous(config, id).await?)),
        None => Ok((key_of(&settings.data, TOKEN_SECRET)?.key, None)),
    }
}
