//! The loops that work while the server serves: ingest, and upkeep.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinError;

use crate::ingest::{Outcome, Settlement, ingest};
use crate::metrics::Metrics;
use crate::ports::{Delivery, GivenBack, MAX_RECEIVES, Queue, Rejects, Roster, Unavailable};
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

/// What ingest works with.
#[derive(Clone)]
pub struct Ingest {
    pub queue: Arc<dyn Queue>,
    pub roster: Arc<dyn Roster>,
    pub rejects: Arc<dyn Rejects>,
    pub metrics: Arc<Metrics>,
}

/// Brings what is on the queue onto the roster until `stop` says so; a batch that has begun is finished.
pub async fn ingest_until(ingest: Ingest, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let received = tokio::select! {
            _ = stop.changed() => continue,
            received = ingest.queue.receive(BATCH) => received,
        };
        let done = match received {
            Ok(deliveries) if deliveries.is_empty() => continue,
            Ok(deliveries) => {
                let is_full = deliveries.len() == BATCH;
                ingest.batch(deliveries).await.map(|()| is_full)
            }
            Err(unavailable) => Err(unavailable),
        };
        match done {
            Ok(true) => {}
            Ok(false) => drop(tokio::time::timeout(GATHER, stop.changed()).await),
            Err(unavailable) => {
                tracing::error!(%unavailable, "ingest rests for a moment");
                drop(tokio::time::timeout(REST, stop.changed()).await);
            }
        }
    }
}

impl Ingest {
    async fn batch(&self, deliveries: Vec<Delivery>) -> Result<(), Unavailable> {
        let receive_counts: Vec<u32> = deliveries.iter().map(|delivery| delivery.receive_count).collect();
        let settlements = self.settlements(deliveries).await;
        self.metrics.ingested(&settlements);

        let mut done = Vec::new();
        let mut back = Vec::new();
        for (settlement, receive_count) in settlements.into_iter().zip(receive_counts) {
            log(&settlement);
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

    /// Should a message make ingest panic, the batch is ingested one by one, so that it fails alone.
    async fn settlements(&self, deliveries: Vec<Delivery>) -> Vec<Settlement> {
        let deliveries: Arc<[Delivery]> = deliveries.into();
        if let Ok(settlements) = self.ingest(Arc::clone(&deliveries)).await {
            return settlements;
        }
        let mut settlements = Vec::with_capacity(deliveries.len());
        for delivery in &*deliveries {
            match self.ingest([delivery.clone()].into()).await {
                Ok(settled) => settlements.extend(settled),
                Err(panic) => settlements.push(Settlement {
                    message_id: delivery.message_id.clone(),
                    receipt: delivery.receipt.clone(),
                    outcome: Outcome::Retry(format!("the program failed at it: {panic}")),
                }),
            }
        }
        settlements
    }

    /// In a task of its own, which catches panics.
    async fn ingest(&self, deliveries: Arc<[Delivery]>) -> Result<Vec<Settlement>, JoinError> {
        let Self { roster, rejects, .. } = self.clone();
        tokio::spawn(async move { ingest(&deliveries, &*roster, &*rejects, Timestamp::now()).await }).await
    }
}

fn log(settlement: &Settlement) {
    let id = &settlement.message_id;
    match &settlement.outcome {
        Outcome::Stored => tracing::debug!(message.id = id, "signup stored"),
        Outcome::Duplicate | Outcome::Stale => tracing::debug!(message.id = id, "signup changed nothing"),
        Outcome::Rejected(reason) => tracing::warn!(message.id = id, reason, "message rejected"),
        Outcome::Retry(why) => tracing::warn!(message.id = id, why, "message given back"),
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
pub async fn upkeep_until(sqlite: Sqlite, limit: Option<Arc<RateLimit>>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Some(limit) = &limit {
            limit.forget_idle();
        }
        let more = sqlite.delete_expired(Timestamp::now()).await.unwrap_or_else(|unavailable| {
            tracing::error!(%unavailable, "upkeep failed; it is tried again in a minute");
            false
        });
        // Also when there is more, others write in between.
        let rest = if more { Duration::from_millis(50) } else { UPKEEP_EVERY };
        let _ = tokio::time::timeout(rest, stop.changed()).await;
    }
}
