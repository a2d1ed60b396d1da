//! The worker of a queue: a loop that receives batches, processes them, and acks or defers each message.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::event_creators::EventCreators;
use crate::domain::retry_schedule::RetrySchedule;
use crate::domain::timestamp::Timestamp;
use crate::ingest::{Outcome, Processed, count_outcomes, ingest, ingest_dead_letter, log_outcomes};
use crate::ports::{Backend, Delivery, Meter, Queue, Unavailable};

/// Messages in one batch: enough to share database commits under load, few enough to finish quickly.
const BATCH_SIZE: usize = 1_000;

/// Pause after a batch that was not full. Messages that arrive during the pause are processed together, in fewer
/// transactions than one by one, and HTTP requests can use the database writer meanwhile. A message that
/// arrives while the queue is empty is processed without a pause.
const GATHER_TIME: Duration = Duration::from_millis(10);

/// Maximum duration of a batch. It is shorter than the visibility timeout of both queues: SQLite's is 30 s.
const MAX_BATCH_DURATION: Duration = Duration::from_secs(20);

/// Delay after a failure of the backend.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// A queue, and the job to do with its messages.
#[derive(Clone)]
pub struct Worker {
    pub queue: Arc<dyn Queue>,
    pub job: Job,
    pub backend: Backend,
    /// Who may begin events with sign-ups over HTTP.
    pub creators: EventCreators,
    pub retries: RetrySchedule,
    pub metrics: Arc<dyn Meter>,
}

/// The job that a worker does with the messages of its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Apply them to the roster, in batches.
    Ingest,
    /// Apply dead letters to the roster, each alone.
    IngestDeadLetters,
}

impl Job {
    fn batch_size(self) -> usize {
        match self {
            Self::Ingest => BATCH_SIZE,
            Self::IngestDeadLetters => 1,
        }
    }
}

/// The size of the last batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Batch {
    Full,
    Partial,
    Empty,
}

/// Processes the queue until `stop` is cancelled. A batch in progress is finished first.
pub async fn work_until(worker: Worker, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let received = tokio::select! {
            () = stop.cancelled() => continue,
            received = worker.queue.receive(worker.job.batch_size()) => received,
        };
        let processed = match received {
            Ok(deliveries) => worker.process(deliveries).await,
            Err(unavailable) => Err(unavailable),
        };
        match processed {
            Ok(Batch::Full | Batch::Empty) => {}
            Ok(Batch::Partial) => drop(tokio::time::timeout(GATHER_TIME, stop.cancelled()).await),
            Err(unavailable) => {
                tracing::error!(%unavailable, "processing the queue failed; retrying in 1 s");
                drop(tokio::time::timeout(RETRY_DELAY, stop.cancelled()).await);
            }
        }
    }
}

impl Worker {
    async fn process(&self, deliveries: Vec<Delivery>) -> Result<Batch, Unavailable> {
        let batch = match deliveries.len() {
            0 => return Ok(Batch::Empty),
            count if count == self.job.batch_size() => Batch::Full,
            _ => Batch::Partial,
        };
        let now = Timestamp::now();
        let deadline = Instant::now() + MAX_BATCH_DURATION;
        let processed = match self.job {
            Job::Ingest => ingest(deliveries, &self.backend, self.creators, now, deadline).await,
            Job::IngestDeadLetters => {
                let mut processed = Vec::with_capacity(deliveries.len());
                for delivery in deliveries {
                    processed.extend(ingest_dead_letter(delivery, &self.backend, self.creators, now, deadline).await);
                }
                processed
            }
        };
        self.metrics.ingested(&count_outcomes(&processed));
        self.settle(processed).await?;
        Ok(batch)
    }

    /// Tells the queue the outcomes. A message on which the program panicked stays on the queue until its visibility
    /// timeout.
    async fn settle(&self, processed: Vec<Processed>) -> Result<(), Unavailable> {
        let (mut acks, mut deferrals) = (Vec::new(), Vec::new());
        log_outcomes(&processed);
        for Processed { delivery, outcome } in processed {
            if matches!(outcome, Outcome::Panicked(_)) {
                continue;
            }
            let receipt = delivery.receipt.clone();
            match self.retries.deferral(delivery, &outcome) {
                Some(deferral) => deferrals.push(deferral),
                None => acks.push(receipt),
            }
        }
        let acked = if acks.is_empty() { Ok(()) } else { self.queue.ack(acks).await };
        if !deferrals.is_empty() {
            self.queue.defer(deferrals).await.into_iter().collect::<Result<(), Unavailable>>()?;
        }
        acked
    }
}
