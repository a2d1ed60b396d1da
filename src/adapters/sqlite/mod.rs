//! The SQLite backend: one file, one writer thread, any number of readers.
//!
//! [`Sqlite`] implements every storage port and the queue. `writer` groups concurrent writes into one commit. Reads use
//! their own connections and never wait for a write, because the database is in WAL mode.

mod announcements;
mod attendee_row;
mod backlog;
mod buttons;
mod calendar;
mod change_feed;
mod checkpoint;
mod contacts;
mod deletions;
mod digests;
mod earlier_messages;
mod event_details;
mod file;
mod households;
mod idempotency;
mod outbox;
mod people;
mod queue;
mod rejects;
mod rekeying;
mod restore;
mod roster;
mod seats;
mod subscribers;
mod upkeep;
mod watermarks;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use tokio::sync::{Notify, Semaphore, watch};

use self::backlog::Backlog;
pub use self::change_feed::FeedConsumer;
use self::checkpoint::CheckpointMonitor;
pub use self::file::{DATABASE, OpenError};
use self::queue::Settlement;
pub use self::restore::RESTORE;
pub use self::upkeep::Cleanup;
use self::writer::Writer;
use crate::domain::secret;
use crate::ports::{Backend, Meter, Unavailable};

/// How long a received message stays invisible to further receive calls. If it is not acknowledged by then, it is
/// delivered again.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum number of concurrent reads. Further reads wait.
const MAX_READERS: usize = 16;

/// Maximum number of idle connections that stay open for later reads. Other connections are closed after use.
const MAX_IDLE_READERS: usize = 4;

/// The database of a data folder. It is cheap to clone. Dropping the last clone closes the file.
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
}

struct Shared {
    writer: Writer,
    /// The idle read-only connections.
    idle_readers: Mutex<Vec<Connection>>,
    /// Limits the number of concurrent reads, and with it their memory.
    readers: Semaphore,
    path: PathBuf,
    visibility_timeout: Duration,
    backlog: Backlog,
    /// Whether the next receive call prefers messages that are not suspects.
    prefers_unsuspected: AtomicBool,
    /// Acks and deferrals that could not be written, for example because the disk was full.
    unsettled: Mutex<Vec<Settlement>>,
    /// Why the last attempt to store a message failed.
    write_error: Mutex<Option<Unavailable>>,
    checkpoints: CheckpointMonitor,
    /// Signals that a message was put on the queue.
    arrivals: Notify,
    /// Prevents a second process from opening the database.
    _lock: std::fs::File,
}

impl Sqlite {
    /// Returns all ports of a [`Backend`]. `Sqlite` also implements the queue and the change feed, which are not part
    /// of it.
    #[must_use]
    pub fn backend(&self) -> Backend {
        let sqlite = Arc::new(self.clone());
        Backend {
            roster: sqlite.clone(),
            subscribers: sqlite.clone(),
            seats: sqlite.clone(),
            people: sqlite.clone(),
            rejected: sqlite.clone(),
            idempotency: sqlite.clone(),
            buttons: sqlite.clone(),
            households: sqlite.clone(),
            events: sqlite.clone(),
            calendar: sqlite.clone(),
            deletions: sqlite.clone(),
            digests: sqlite.clone(),
            contacts: sqlite.clone(),
            budgets: sqlite.clone(),
            announcements: sqlite.clone(),
            watermarks: sqlite.clone(),
            outbox: Some(sqlite.clone()),
            earlier_messages: Some(sqlite),
        }
    }

    /// Opens the folder's database. Creates folder and database, readable only by their owner, if they do not exist. A
    /// backup with the name [`RESTORE`] replaces the database first.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::open_with_visibility(folder, VISIBILITY_TIMEOUT)
    }

    /// Like [`Sqlite::open`], but counts failed checkpoints in `metrics`.
    pub fn open_with_metrics(folder: &Path, metrics: Arc<dyn Meter>) -> Result<Self, OpenError> {
        Self::open_with(folder, VISIBILITY_TIMEOUT, CheckpointMonitor::new(metrics))
    }

    /// Like [`Sqlite::open`], but with another visibility timeout.
    pub fn open_with_visibility(folder: &Path, visibility_timeout: Duration) -> Result<Self, OpenError> {
        Self::open_with(folder, visibility_timeout, CheckpointMonitor::default())
    }

    fn open_with(
        folder: &Path,
        visibility_timeout: Duration,
        checkpoints: CheckpointMonitor,
    ) -> Result<Self, OpenError> {
        let lock = file::lock(folder)?;
        let path = folder.join(DATABASE);
        restore::apply(folder, &path)?;
        let connection = file::open_writer(&path)?;
        let backlog = Backlog::new(connection.query_row("SELECT count(*) FROM queue", (), |row| row.get(0))?);
        Ok(Self {
            shared: Arc::new(Shared {
                writer: Writer::start(connection),
                idle_readers: Mutex::default(),
                readers: Semaphore::new(MAX_READERS),
                path,
                visibility_timeout,
                backlog,
                prefers_unsuspected: AtomicBool::new(false),
                unsettled: Mutex::default(),
                write_error: Mutex::default(),
                checkpoints,
                arrivals: Notify::new(),
                _lock: lock,
            }),
        })
    }

    /// Returns the secret with this name. The first call generates and stores it.
    pub async fn secret(&self, name: &'static str) -> Result<String, Unavailable> {
        let fresh = secret::generate();
        self.write("reading a secret", move |db| {
            db.execute("INSERT OR IGNORE INTO secret (name, value) VALUES (?1, ?2)", (name, &fresh))?;
            db.query_row("SELECT value FROM secret WHERE name = ?1", [name], |row| row.get(0))
        })
        .await
    }

    /// Returns the number of commits that have stored something. It is increased after each of them.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.shared.writer.commits()
    }

    /// Runs `work` in the writer's next transaction. `work` may run twice; the first run is then rolled back.
    async fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.shared.writer.write(doing, work).await
    }

    /// Like [`Sqlite::write`], but overwrites what `work` deletes, also in the write-ahead log.
    async fn overwrite<T: Send + 'static>(
        &self,
        doing: &'static str,
        mut work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let result = self.write(doing, move |db| overwriting(db, &mut work)).await?;
        self.checkpoint().await;
        Ok(result)
    }

    /// Like [`Sqlite::write`], but for a write that accepts a request. Writes that process messages go first.
    async fn accept<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.shared.writer.accept(doing, work).await
    }

    /// Runs `query` on a read-only connection, in a thread for blocking calls.
    async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let _permit = self.shared.readers.acquire().await.expect("the semaphore is never closed");
        let shared = Arc::clone(&self.shared);
        let run = move || {
            let idle = shared.idle_readers.lock().expect("no reader panics while it holds the lock").pop();
            let connection = idle.map_or_else(|| file::open_reader(&shared.path), Ok)?;
            let result = query(&connection)?;
            let mut idle_readers = shared.idle_readers.lock().expect("no reader panics while it holds the lock");
            if idle_readers.len() < MAX_IDLE_READERS {
                idle_readers.push(connection);
            }
            Ok(result)
        };
        match tokio::task::spawn_blocking(run).await {
            Ok(result) => result.map_err(|error: rusqlite::Error| unavailable(doing, error)),
            Err(stopped) => Err(unavailable(doing, stopped)),
        }
    }
}

fn unavailable(doing: &'static str, cause: impl std::fmt::Display) -> Unavailable {
    Unavailable { doing, cause: cause.to_string() }
}

/// Overwrites in the file what `work` deletes. This needs more page writes than the default.
fn overwriting<T>(db: &Connection, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    db.pragma_update(None, "secure_delete", "ON")?;
    let result = work(db)?;
    db.pragma_update(None, "secure_delete", "FAST")?;
    Ok(result)
}

/// Like `query_row`, for a row that may not exist.
fn query_optional<T>(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    db.prepare_cached(sql)?.query_row(params, read).optional()
}

/// Converts a stored time. Returns an error if it is out of range, which means that the database is damaged.
fn stored_time(millis: i64) -> rusqlite::Result<crate::domain::timestamp::Timestamp> {
    crate::domain::timestamp::Timestamp::from_millis(millis)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Integer, error.into()))
}
