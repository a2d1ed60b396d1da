//! The loops that work while the server serves: on a queue, and upkeep.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::timestamp::Timestamp;
use crate::ingest::{Outcome, count_outcomes, ingest, reject_dead_letters};
use crate::ports::{Backend, Delivery, MAX_RECEIVES, Meter, Nack, Queue, Rejects, Unavailable};

/// Deliveries in one batch: large enough to share commits under load, small enough to be done in a moment.
const BATCH: usize = 1_000;

/// How long the loop lets messages gather after a batch. A page of the database that many messages share is then
/// written once for all of them, and the writer has time for those who wait for their answer. A message that comes
/// to an idle loop does not wait.
const GATHER: Duration = Duration::from_millis(10);

/// How long the loop rests after a failure of the backend.
const REST: Duration = Duration::from_secs(1);

/// A queue, and what is done with its messages.
#[derive(Clone)]
pub struct Worker {
    pub queue: Arc<dyn Queue>,
    pub job: Job,
    pub metrics: Arc<dyn Meter>,
}

/// What is done with the messages of a queue.
#[derive(Clone)]
pub enum Job {
    /// Ingest them onto the roster.
    Ingest(Box<Backend>),
    /// Keep dead letters as rejected messages.
    RejectDeadLetters { rejects: Arc<dyn Rejects> },
}

/// Works off the queue until `stop` says so; a batch that has begun is finished.
pub async fn work_until(worker: Worker, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let received = tokio::select! {
            () = stop.cancelled() => continue,
            received = worker.queue.receive(BATCH) => received,
        };
        let done = match received {
            Ok(deliveries) if deliveries.is_empty() => continue,
            Ok(deliveries) => {
                let is_full = deliveries.len() == BATCH;
                worker.batch(deliveries).await.map(|()| is_full)
            }
            Err(unavailable) => Err(unavailable),
        };
        match done {
            Ok(true) => {}
            Ok(false) => drop(tokio::time::timeout(GATHER, stop.cancelled()).await),
            Err(unavailable) => {
                tracing::error!(%unavailable, "the queue is worked off again in a moment");
                drop(tokio::time::timeout(REST, stop.cancelled()).await);
            }
        }
    }
}

impl Worker {
    async fn batch(&self, deliveries: Vec<Delivery>) -> Result<(), Unavailable> {
        let receive_counts: Vec<u32> = deliveries.iter().map(|delivery| delivery.receive_count).collect();
        let processed = match &self.job {
            Job::Ingest(backend) => ingest(&deliveries, backend, Timestamp::now()).await,
            Job::RejectDeadLetters { rejects } => reject_dead_letters(&deliveries, &**rejects, Timestamp::now()).await,
        };
        self.metrics.ingested(&count_outcomes(&processed));

        let mut done = Vec::new();
        let mut back = Vec::new();
        for (each, receive_count) in processed.into_iter().zip(receive_counts) {
            each.log();
            match each.outcome {
                Outcome::Retry(why) => {
                    back.push(Nack { receipt: each.receipt, delay: backoff(receive_count), why });
                }
                _ => done.push(each.receipt),
            }
        }
        if !done.is_empty() {
            self.queue.ack(done).await?;
        }
        if !back.is_empty() {
            self.queue.nack(back).await?;
        }
        Ok(())
    }
}

/// 1, 4, 16, 64 seconds; after the last try none, since the message then goes to the rejects.
fn backoff(receive_count: u32) -> Duration {
    if receive_count >= MAX_RECEIVES {
        return Duration::ZERO;
    }
    Duration::from_secs(4_u64.pow(receive_count.max(1) - 1))
}
