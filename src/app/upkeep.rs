//! Tasks that delete what has expired.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::adapters::sqlite::Sqlite;
use crate::domain::timestamp::Timestamp;
use crate::http::middleware::rate_limit::RateLimit;

const UPKEEP_EVERY: Duration = Duration::from_secs(60);

/// Deletes what has expired, now and every minute, until `stop` says so.
pub async fn upkeep_until(sqlite: Sqlite, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let more = sqlite.delete_expired(Timestamp::now()).await.unwrap_or_else(|unavailable| {
            tracing::error!(%unavailable, "upkeep failed; it is tried again in a minute");
            false
        });
        // Also when there is more, others write in between.
        let rest = if more { Duration::from_millis(50) } else { UPKEEP_EVERY };
        let _ = tokio::time::timeout(rest, stop.cancelled()).await;
    }
}

/// Forgets idle clients every minute, until `stop` says so.
pub async fn forget_idle_until(limit: Arc<RateLimit>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        limit.forget_idle();
        let _ = tokio::time::timeout(UPKEEP_EVERY, stop.cancelled()).await;
    }
}
