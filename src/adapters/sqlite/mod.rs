//! The SQLite backend: one file, one writer thread, any number of readers.
//!
//! Every port is implemented on [`Sqlite`]. Writes go through `writer`, which lets concurrent ones share a commit;
//! reads run on connections of their own and never wait for a write (WAL).

mod attendee_row;
mod buttons;
mod contacts;
mod digests;
mod feed;
mod file;
mod households;
mod idempotency;
mod inbox;
mod queue;
mod rejects;
mod roster;
mod upkeep;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use tokio::sync::Notify;

pub use self::feed::Follower;
pub use self::file::{DATABASE, OpenError};
use self::writer::Writer;
use crate::domain::secret;
use crate::ports::{Backend, Unavailable};

/// How long a message that was handed out stays away from others.
const VISIBILITY: Duration = Duration::from_secs(30);

/// How many idle readers are kept; more are opened and closed as needed.
const IDLE_READERS: usize = 4;

/// The database of a data folder. Cheap to clone; the file is released when the last clone is gone.
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
}

struct Shared {
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    path: PathBuf,
    visibility: Duration,
    /// Whether the next receive looks for messages that were not tried often first.
    prefers_fresh: AtomicBool,
    /// Signalled when a message was put on the queue.
    arrivals: Notify,
    /// Keeps a second program off the folder.
    _lock: std::fs::File,
}

impl Sqlite {
    /// Every port but the queue, which this type implements too.
    #[must_use]
    pub fn backend(&self) -> Backend {
        let sqlite = Arc::new(self.clone());
        Backend {
            roster: sqlite.clone(),
            rejects: sqlite.clone(),
            idempotency: sqlite.clone(),
            buttons: sqlite.clone(),
            households: sqlite.clone(),
            digests: sqlite.clone(),
            contacts: sqlite.clone(),
            budgets: sqlite.clone(),
            inbox: Some(sqlite),
        }
    }

    /// Opens the folder's database; makes both, readable by their owner alone, if they are not there.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::open_with_visibility(folder, VISIBILITY)
    }

    /// As [`Sqlite::open`], with another visibility timeout.
    pub fn open_with_visibility(folder: &Path, visibility: Duration) -> Result<Self, OpenError> {
        let lock = file::lock(folder)?;
        let path = folder.join(DATABASE);
        let connection = file::open_writer(&path)?;
        Ok(Self {
            shared: Arc::new(Shared {
                writer: Writer::start(connection),
                readers: Mutex::default(),
                path,
                visibility,
                prefers_fresh: AtomicBool::new(false),
                arrivals: Notify::new(),
                _lock: lock,
            }),
        })
    }

    /// The secret of this name, made up and kept at the first call.
    pub async fn secret(&self, name: &'static str) -> Result<String, Unavailable> {
        let fresh = secret::generate();
        self.write("reading the secrets", move |db| {
            db.execute("INSERT OR IGNORE INTO secret (name, value) VALUES (?1, ?2)", (name, &fresh))?;
            db.query_row("SELECT value FROM secret WHERE name = ?1", [name], |row| row.get(0))
        })
        .await
    }

    /// Empties the log into the database; what it cannot while others read or write, a later one can.
    pub async fn checkpoint(&self) {
        self.shared.readers.lock().expect("no reader panics while it holds the lock").clear();
        let path = self.shared.path.clone();
        match tokio::task::spawn_blocking(move || file::checkpoint(&path)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the log is kept for now"),
            Err(stopped) => tracing::debug!(%stopped, "the log is kept for now"),
        }
    }

    /// Runs `work` in the writer's next transaction. It may run twice, the first time rolled back.
    async fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.shared.writer.write(doing, work).await
    }

    /// Runs `query` on a connection that only reads, off the async threads.
    async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let shared = Arc::clone(&self.shared);
        let run = move || {
            let idle = shared.readers.lock().expect("no reader panics while it holds the lock").pop();
            let connection = idle.map_or_else(|| file::open_reader(&shared.path), Ok)?;
            let result = query(&connection)?;
            let mut readers = shared.readers.lock().expect("no reader panics while it holds the lock");
            if readers.len() < IDLE_READERS {
                readers.push(connection);
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

/// `query_row` that knows that there may be none.
fn query_optional<T>(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    db.prepare_cached(sql)?.query_row(params, read).optional()
}

/// A stored time. What the program wrote is always in range.
fn stored_time(millis: i64) -> rusqlite::Result<crate::domain::timestamp::Timestamp> {
    crate::domain::timestamp::Timestamp::from_millis(millis)
        .map_err(|problem| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Integer, problem.into()))
}
