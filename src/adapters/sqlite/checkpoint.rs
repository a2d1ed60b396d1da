//! Checkpoints: move the write-ahead log into the database file, and truncate the log.
//!
//! SQLite checkpoints on its own when a commit has made the log long, but it never truncates the file, and it reports no
//! failure. So upkeep checkpoints too.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::adapters::sqlite::Sqlite;
use crate::adapters::sqlite::file::{self, LOG_SUFFIX};
use crate::ports::Meter;

/// Size of the log in bytes above which it is checkpointed even while the server is busy.
const LARGE_LOG: u64 = 1024 * 1024;

/// Time without a write after which the log is checkpointed although it is small, so that no deleted data stays in it.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// How long a checkpoint waits for other connections. Writes wait as long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Counts failed checkpoints, and logs the first failure of several in a row.
#[derive(Default)]
pub struct CheckpointMonitor {
    meter: Option<Arc<dyn Meter>>,
    is_failing: AtomicBool,
}

/// How far a checkpoint came.
enum Progress {
    /// The log is empty.
    Complete,
    /// Other connections use the log, so a part of it remains.
    Partial,
}

impl CheckpointMonitor {
    pub fn new(meter: Arc<dyn Meter>) -> Self {
        Self { meter: Some(meter), is_failing: AtomicBool::new(false) }
    }

    fn record_success(&self) {
        if self.is_failing.swap(false, Ordering::Relaxed) {
            tracing::info!("checkpoint succeeded again");
        }
    }

    fn record_failure(&self, error: &dyn std::fmt::Display) {
        if let Some(meter) = &self.meter {
            meter.checkpoint_failed();
        }
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "checkpoint failed; the write-ahead log grows until one succeeds");
        }
    }
}

impl Sqlite {
    /// Moves the write-ahead log into the database file. If other connections are reading or writing, a part may remain
    /// for the next checkpoint.
    pub async fn checkpoint(&self) {
        self.shared.idle_readers.lock().expect("no reader panics while it holds the lock").clear();
        let path = self.shared.path.clone();
        let monitor = &self.shared.checkpoints;
        match tokio::task::spawn_blocking(move || checkpoint(&path)).await {
            Ok(Ok(Progress::Complete)) => monitor.record_success(),
            Ok(Ok(Progress::Partial)) => tracing::debug!("checkpoint incomplete; other connections use the log"),
            Ok(Err(error)) => monitor.record_failure(&error),
            Err(stopped) => monitor.record_failure(&stopped),
        }
    }

    /// Checkpoints if the write-ahead log is large, or if it is not empty and nothing was written for a minute.
    pub async fn checkpoint_if_due(&self) {
        if is_due(&file::companion(&self.shared.path, LOG_SUFFIX)) {
            self.checkpoint().await;
        }
    }
}

/// Checkpoints the write-ahead log and truncates it, so that no deleted data remains in the log.
fn checkpoint(database: &Path) -> rusqlite::Result<Progress> {
    // Without the flag that creates a missing database.
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    Ok(if is_busy { Progress::Partial } else { Progress::Complete })
}

fn is_due(log: &Path) -> bool {
    // A missing log holds nothing to checkpoint.
    let Ok(log) = fs::metadata(log) else { return false };
    let is_idle = || {
        let age = log.modified().ok().and_then(|modified| modified.elapsed().ok());
        age.is_some_and(|age| age >= IDLE_TIME)
    };
    log.len() > LARGE_LOG || (log.len() > 0 && is_idle())
}
