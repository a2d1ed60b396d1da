//! Background tasks that delete expired data from the database and from memory, and keep the write-ahead log short.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::adapters::sqlite::{Cleanup, Sqlite};
use crate::domain::timestamp::Timestamp;
use crate::http::middleware::memory_limit::MemoryLimit;
use crate::http::middleware::rate_limit::RateLimit;
use crate::ports::Unavailable;
use crate::upkeep::{self, UpkeepPorts};

const UPKEEP_INTERVAL: Duration = Duration::from_secs(60);

/// Pause between two deletions while expired rows remain, so that other writers can use the database in between.
const CONTINUE_DELAY: Duration = Duration::from_millis(50);

/// Interval of the checks while the database cannot be written.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// Checkpoints the write-ahead log if that is due, deletes expired rows and the contacts of events that have been over for
/// `contact_retention`, and checks that the database can be written: now and every minute until `stop` is cancelled.
pub async fn upkeep_until(sqlite: Sqlite, contact_retention: Duration, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // Before the writes below, which would make the log look fresh.
        sqlite.checkpoint_if_due().await;
        let cleanup = clean_up(&sqlite, contact_retention, &stop).await.unwrap_or_else(|unavailable| {
            tracing::error!(%unavailable, "upkeep failed; retrying in 60 s");
            Cleanup::Complete
        });
        let delay = match (sqlite.probe_write().await, cleanup) {
            (Err(unavailable), _) => {
                tracing::error!(%unavailable, "the database cannot be written; checking again in 5 s");
                PROBE_INTERVAL
            }
            (Ok(()), Cleanup::Partial) => CONTINUE_DELAY,
            (Ok(()), Cleanup::Complete) => UPKEEP_INTERVAL,
        };
        let _ = tokio::time::timeout(delay, stop.cancelled()).await;
    }
}

async fn clean_up(
    sqlite: &Sqlite,
    contact_retention: Duration,
    stop: &CancellationToken,
) -> Result<Cleanup, Unavailable> {
    let now = Timestamp::now();
    let cleanup = sqlite.delete_expired(now).await?;
    let has_time = || !stop.is_cancelled();
    let contacts = upkeep::delete_contacts(UpkeepPorts::of(sqlite), contact_retention, now, &has_time).await?;
    Ok(if contacts.has_more { Cleanup::Partial } else { cleanup })
}

/// Removes idle clients from the limits every minute until `stop` is cancelled.
pub async fn forget_idle_until(rates: Vec<Arc<RateLimit>>, memory: Arc<MemoryLimit>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        rates.iter().for_each(|limit| limit.forget_idle());
        memory.forget_idle();
        let _ = tokio::time::timeout(UPKEEP_INTERVAL, stop.cancelled()).await;
    }
}
