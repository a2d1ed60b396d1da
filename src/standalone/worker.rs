//! The loops that work while the server serves: on a queue, and upkeep.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::ingest::{Outcome, Ports, bury, ingest};
use crate::metrics::Meter;
use crate::ports::{Buttons, Delivery, GivenBack, Idempotency, MAX_RECEIVES, Queue, Rejects, Roster, Unavailable};
use crate::standalone::rate_limit::RateLimit;
use crate::standalone::sqlite::Sqlite;
use crate::timestamp::Timestamp;

/// Deliveries in one batch: large enough to share commits under load, small enough to be done in a moment.
const BATCH: usize = 1_000;

/// How long the loop lets messages gather after a batch. A page of the database that many messages share is then
/// written once for all of them, and the writer has time for those who wait for their answer. A message that comes
/// to an idle loop does not wait.
const GATHER: Duration = Duration::from_millis(10);

/// How long the loop rests after a failure of the backend.
const REST: Duration = Duration::from_secs(1);

const UPKEEP_EVERY: Duration = Duration::from_secs(60);

/// A queue, and what is done with its messages.
#[derive(Clone)]
pub struct Worker {
    pub queue: Arc<dyn Queue>,
    pub task: Task,
    pub metrics: Arc<dyn Meter>,
}

#[derive(Clone)]
pub enum Task {
    /// Onto the roster.
    Ingest(Ingest),
    /// Dead letters among the rejects.
    Bury { rejects: Arc<dyn Rejects> },
}

/// As [`ingest::Ports`](crate::ingest::Ports).
#[derive(Clone)]
pub struct Ingest {
    pub roster: Arc<dyn Roster>,
    pub rejects: Arc<dyn Rejects>,
    pub buttons: Arc<dyn Buttons>,
    pub idempotency: Arc<dyn Idempotency>,
}

impl Ingest {
    fn ports(&self) -> Ports<'_> {
        Ports {
            roster: &*self.roster,
            rejects: &*self.rejects,
            buttons: &*self.buttons,
            idempotency: &*self.idempotency,
        }
    }
}

/// Works off the queue until `stop` says so; a batch that has begun is finished.
pub async fn work_until(worker: Worker, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let received = tokio::select! {
            _ = stop.changed() => continue,
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
            Ok(false) => drop(tokio::time::timeout(GATHER, stop.changed()).await),
            Err(unavailable) => {
                tracing::error!(%unavailable, "the queue is worked off again in a moment");
                drop(tokio::time::timeout(REST, stop.changed()).await);
            }
        }
    }
}

impl Worker {
    async fn batch(&self, deliveries: Vec<Delivery>) -> Result<(), Unavailable> {
        let receive_counts: Vec<u32> = deliveries.iter().map(|delivery| delivery.receive_count).collect();
        let settlements = match &self.task {
            Task::Ingest(onto) => ingest(&deliveries, onto.ports(), Timestamp::now()).await,
            Task::Bury { rejects } => bury(&deliveries, &**rejects, Timestamp::now()).await,
        };
        self.metrics.ingested(&settlements);

        let mut done = Vec::new();
        let mut back = Vec::new();
        for (settlement, receive_count) in settlements.into_iter().zip(receive_counts) {
            settlement.log();
            match settlement.outcome {
                Outcome::Retry(why) => {
                    back.push(GivenBack { receipt: settlement.receipt, delay: backoff(receive_count), why });
                }
                _ => done.push(settlement.receipt),
            }
        }
        if !done.is_empty() {
            self.queue.settle(done).await?;
        }
        if !back.is_empty() {
            self.queue.give_back(back).await?;
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

/// Deletes what has expired, now and every minute, until `stop` says so.
pub async fn upkeep_until(sqlite: Sqlite, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let more = sqlite.delete_expired(Timestamp::now()).await.unwrap_or_else(|unavailable| {
            tracing::error!(%unavailable, "upkeep failed; it is tried again in a minute");
            false
        });
        // Also when there is more, others write in between.
        let rest = if more { Duration::from_millis(50) } else { UPKEEP_EVERY };
        let _ = tokio::time::timeout(rest, stop.changed()).await;
    }
}

/// Forgets idle clients every minute, until `stop` says so.
pub async fn forget_idle_until(limit: Arc<RateLimit>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        limit.forget_idle();
        let _ = tokio::time::timeout(UPKEEP_EVERY, stop.changed()).await;
    }
}
