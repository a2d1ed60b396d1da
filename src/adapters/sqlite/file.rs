//! Opens the database file: locks its folder, and migrates its schema.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::adapters::private_files;
use crate::adapters::sqlite::{announcements, calendar, rekeying};
use crate::domain::clock;
use crate::domain::timestamp::Timestamp;

/// The name of the database file in the data folder.
pub const DATABASE: &str = "countmein.sqlite";
/// The name of the lock file in the data folder.
const LOCK_FILE: &str = "countmein.lock";

/// What SQLite appends to the name of a database for its write-ahead log.
pub const LOG_SUFFIX: &str = "-wal";

/// A change of the database from one version of the schema to the next.
enum Migration {
    Script(&'static str),
    Code(fn(&Connection) -> rusqlite::Result<()>),
}

/// Migration `i` changes the schema from version `i` to `i + 1`.
const SCHEMA: [Migration; 21] = [
    Migration::Script(include_str!("schema/1.sql")),
    Migration::Script(include_str!("schema/2.sql")),
    Migration::Script(include_str!("schema/3.sql")),
    Migration::Script(include_str!("schema/4.sql")),
    Migration::Script(include_str!("schema/5.sql")),
    Migration::Script(include_str!("schema/6.sql")),
    Migration::Script(include_str!("schema/7.sql")),
    Migration::Script(include_str!("schema/8.sql")),
    Migration::Script(include_str!("schema/9.sql")),
    Migration::Script(include_str!("schema/10.sql")),
    Migration::Script(include_str!("schema/11.sql")),
    Migration::Code(rekeying::rekey),
    Migration::Script(include_str!("schema/13.sql")),
    Migration::Code(calendar::enter_events),
    Migration::Script(include_str!("schema/15.sql")),
    Migration::Script(include_str!("schema/16.sql")),
    Migration::Code(announcements::create),
    Migration::Script(include_str!("schema/18.sql")),
    Migration::Script(include_str!("schema/19.sql")),
    Migration::Script(include_str!("schema/20.sql")),
    Migration::Script(include_str!("schema/21.sql")),
];

/// Size of the write-ahead log, in pages, at which a commit triggers a checkpoint: 16 MiB, so that checkpoints are rare
/// and the log stays small.
const CHECKPOINT_PAGES: u32 = 4_096;

/// Number of prepared statements that a connection caches: more than the number of statements in use.
const STATEMENT_CACHE_SIZE: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("another countmein is using the folder {}; stop it, or choose another with --data", .0.display())]
    InUse(PathBuf),
    #[error(
        "the database was written by a newer version of countmein (schema {found}, this version supports up to \
         {known}); use the newer version"
    )]
    Newer { found: usize, known: usize },
    #[error(
        "cannot restore {}: {reason}; the database is unchanged; copy the backup again, or delete this copy to start \
         without it",
        path.display()
    )]
    BadBackup { path: PathBuf, reason: String },
    #[error("cannot use {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("cannot use the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// Creates the folder if it does not exist, and locks it for this process until the returned file is closed.
pub fn lock(folder: &Path) -> Result<File, OpenError> {
    let io_error = |path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::Io { path, source }
    };
    private_files::create_folder(folder).map_err(io_error(folder))?;
    let path = folder.join(LOCK_FILE);
    let lock = private_files::open_or_create(&path).map_err(io_error(&path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(io_error(&path)(source)),
    }
}

/// Opens the connection that writes. Creates the database if it does not exist, and migrates its schema.
pub fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    // SQLite creates its log and index files with the permissions of the database file.
    private_files::open_or_create(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    let mut connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE_SIZE);
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit returns only once the data is on disk, so an acknowledged request is durable.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    // Deleted data is overwritten with zeros where that needs no additional writes.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut connection)?;
    // This process has the lock, so the process that received these messages has ended. Making them visible immediately
    // also corrects times that are far in the future because the clock was set back since.
    connection.execute("UPDATE queue SET visible_at = 0 WHERE visible_at > 0", ())?;
    let latest: i64 = connection.query_row("SELECT latest FROM clock", (), |row| row.get(0))?;
    if let Ok(latest) = Timestamp::from_millis(latest) {
        clock::continue_from(latest);
    }
    Ok(connection)
}

/// The path of a file that SQLite keeps beside the database.
pub fn companion(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Opens a connection that can only read.
pub fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE_SIZE);
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

/// Returns the version of the database's schema, which is 0 for an empty database. Refuses a version that is newer than
/// this program.
pub fn schema_version(connection: &Connection) -> Result<usize, OpenError> {
    let found: usize = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    if found > SCHEMA.len() {
        return Err(OpenError::Newer { found, known: SCHEMA.len() });
    }
    Ok(found)
}

/// Runs the migrations that the database has not had yet, each in its own transaction.
fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let found = schema_version(connection)?;
    for (version, migration) in SCHEMA.iter().enumerate().skip(found) {
        let transaction = connection.transaction()?;
        match migration {
            Migration::Script(script) => transaction.execute_batch(script)?,
            Migration::Code(migrate) => migrate(&transaction)?,
        }
        transaction.pragma_update(None, "user_version", version + 1)?;
        transaction.commit()?;
    }
    Ok(())
}
