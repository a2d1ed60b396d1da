//! Replaces the database with a backup at the start, so that the backup never meets the write-ahead log of the old
//! database. SQLite would apply that log without an error, which undoes the restore or damages the database.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::adapters::private_files::sync_parent;
use crate::adapters::sqlite::file::{self, LOG_SUFFIX, OpenError};

/// The name under which a backup is put into the data folder.
pub const RESTORE: &str = "countmein.sqlite.restore";

/// What SQLite appends to the name of a database for the files beside it.
const COMPANION_SUFFIXES: [&str; 3] = [LOG_SUFFIX, "-shm", "-journal"];

/// Replaces the database with the backup, if there is one. The caller holds the lock of the folder.
pub fn apply(folder: &Path, database: &Path) -> Result<(), OpenError> {
    let backup = folder.join(RESTORE);
    if !backup.exists() {
        return Ok(());
    }
    verify(&backup)?;
    replace(&backup, database).map_err(|source| OpenError::Io { path: backup, source })?;
    tracing::info!("database restored from {RESTORE}");
    Ok(())
}

/// Checks that the backup is complete, so that a bad backup does not cost the database.
fn verify(backup: &Path) -> Result<(), OpenError> {
    let bad = |reason: String| OpenError::BadBackup { path: backup.to_owned(), reason };
    let unreadable = |error: rusqlite::Error| bad(error.to_string());
    // If the backup has a log of its own, SQLite applies it now, and deletes it when the connection closes.
    let connection = Connection::open_with_flags(backup, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(unreadable)?;
    let problem: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0)).map_err(unreadable)?;
    if problem != "ok" {
        return Err(bad(problem));
    }
    match file::schema_version(&connection)? {
        0 => Err(bad("it is no database of countmein".to_owned())),
        _ => Ok(()),
    }
}

/// Deletes the log first. If the program stops before the rename, the next start continues, because the backup is still
/// there.
fn replace(backup: &Path, database: &Path) -> io::Result<()> {
    File::open(backup)?.sync_all()?;
    for suffix in COMPANION_SUFFIXES {
        match fs::remove_file(file::companion(database, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sync_parent(database)?;
    fs::rename(backup, database)?;
    sync_parent(database)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_stays_if_its_log_cannot_be_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let (backup, database) = (folder.path().join(RESTORE), folder.path().join("countmein.db"));
        fs::write(&backup, "backup").unwrap();
        fs::write(&database, "database").unwrap();
        let log = file::companion(&database, COMPANION_SUFFIXES[0]);
        // A folder is not deleted like a file.
        fs::create_dir(&log).unwrap();
        assert!(replace(&backup, &database).is_err());
        assert_eq!(fs::read_to_string(&database).unwrap(), "database");

        fs::remove_dir(&log).unwrap();
        replace(&backup, &database).unwrap();
        assert_eq!(fs::read_to_string(&database).unwrap(), "backup");
    }
}
