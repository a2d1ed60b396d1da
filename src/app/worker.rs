//! The worker of a queue: a loop that receives batches, processes them, and acks or nacks each message.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::timestamp::Timestamp;
use crate::ingest::{Outcome, count_outcomes, ingest, reject_dead_letters};
use crate::ports::{Backend, Delivery, MAX_RECEIVES, Meter, Nack, Queue, RejectedMessages, Unavailable};

/// Messages in one batch: enough to share database commits under load, few enough to finish quickly.
const BATCH_SIZE: usize = 1_000;

/// Pause after a batch that was not full. Messages that arrive during the pause are processed in one transaction, which
/// writes less than one transaction each, and HTTP requests can use the database writer meanwhile. A message that
/// arrives while the queue is empty is processed without a pause.
const GATHER_TIME: Duration = Duration::from_millis(10);

/// Delay after a failure of the backend.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// A queue, and the job to do with its messages.
#[derive(Clone)]
pub struct Worker {
    pub queue: Arc<dyn Queue>,
    pub job: Job,
    pub metrics: Arc<dyn Meter>,
}

/// The job that a worker does with the messages of its queue.
#[derive(Clone)]
pub enum Job {
    /// Apply them to the roster.
    Ingest(Box<Backend>),
    /// Store dead letters as rejected messages.
    RejectDeadLetters { rejects: Arc<dyn RejectedMessages> },
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
            received = worker.queue.receive(BATCH_SIZE) => received,
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
            BATCH_SIZE => Batch::Full,
            _ => Batch::Partial,
        };
        let receive_counts: Vec<u32> = deliveries.iter().map(|delivery| delivery.receive_count).collect();
        let processed = match &self.job {
            Job::Ingest(backend) => ingest(&deliveries, backend, Timestamp::now()).await,
            Job::RejectDeadLetters { rejects } => reject_dead_letters(&deliveries, &**rejects, Timestamp::now()).await,
        };
        self.metrics.ingested(&count_outcomes(&processed));

        let mut acks = Vec::new();
        let mut nacks = Vec::new();
        for (message, receive_count) in processed.into_iter().zip(receive_counts) {
            message.log();
            match message.outcome {
                Outcome::Retry(why) => {
                    nacks.push(Nack { receipt: message.receipt, delay: retry_delay(receive_count), why });
                }
                _ => acks.push(message.receipt),
            }
        }
        if !acks.is_empty() {
            self.queue.ack(acks).await?;
        }
        if !nacks.is_empty() {
            self.queue.nack(nacks).await?;
        }
        Ok(batch)
    }
}

/// 1, 4, 16 and 64 seconds. There is no delay after the last receive, because the message is then rejected.
fn retry_delay(receive_count: u32) -> Duration {
    if receive_count >= MAX_RECEIVES {
        return Duration::ZERO;
    }
    Duration::from_secs(4_u64.pow(receive_count.max(1) - 1))
}
