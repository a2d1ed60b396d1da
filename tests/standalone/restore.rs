//! A backup is restored after a crash that left a write-ahead log, as docs/self-hosting.md describes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use countmein::adapters::sqlite::Sqlite;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

use crate::support::program::{Program, serve};

const PATIENCE: Duration = Duration::from_secs(60);

fn agent() -> Agent {
    Agent::config_builder().timeout_global(Some(PATIENCE)).build().into()
}

fn names(url: &str) -> Vec<String> {
    let roster = agent().get(format!("{url}/events/Dance/attendees")).call().unwrap().body_mut().read_json::<Value>();
    let attendees = roster.unwrap()["attendees"].as_array().unwrap().clone();
    attendees.iter().map(|attendee| attendee["name"].as_str().unwrap().to_owned()).collect()
}

fn sign_up(url: &str, name: &str) {
    agent().post(format!("{url}/events/Dance/signups")).send_json(json!({ "name": name })).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !names(url).contains(&name.to_owned()) {
        assert!(Instant::now() < deadline, "{name} is not on the roster");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A server's folder after a crash: Ana signed up before the backup, Ben after it.
struct Crashed {
    data: TempDir,
    backup: PathBuf,
}

impl Crashed {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let program = Program::start(serve(data.path()));
        sign_up(&program.url, "Ana");
        let backup = data.path().join("backup");
        back_up(&data.path().join("countmein.sqlite"), &backup);
        sign_up(&program.url, "Ben");
        program.kill();
        let crashed = Self { data, backup };
        assert!(fs::metadata(crashed.file("countmein.sqlite-wal")).unwrap().len() > 0, "the crash left a log");
        crashed
    }

    fn file(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    /// Copies the backup into the folder, starts the server, and returns who is on the roster.
    fn restore_as(&self, name: &str) -> Vec<String> {
        fs::copy(&self.backup, self.file(name)).unwrap();
        self.start()
    }

    fn start(&self) -> Vec<String> {
        names(&Program::start(serve(self.data.path())).url)
    }
}

/// Copies all pages of the database at one moment, as SQLite's online backup does.
fn back_up(database: &Path, backup: &Path) {
    let connection = Connection::open(database).unwrap();
    connection.busy_timeout(PATIENCE).unwrap();
    let is_busy = || connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get::<_, bool>(0)).unwrap();
    while is_busy() {}
    // Until the end of the transaction, the file does not change: no log is long enough for a checkpoint.
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    fs::copy(database, backup).unwrap();
}

#[test]
fn old_log_does_not_undo_a_restore() {
    let crashed = Crashed::new();

    assert_eq!(crashed.restore_as("countmein.sqlite.restore"), ["Ana"]);

    assert!(!crashed.file("countmein.sqlite.restore").exists(), "the next start does not restore again");
    let database = Connection::open(crashed.file("countmein.sqlite")).unwrap();
    assert_eq!(database.query_row("PRAGMA integrity_check", (), |row| row.get::<_, String>(0)).unwrap(), "ok");
    assert_eq!(crashed.start(), ["Ana"]);
}

#[test]
fn lost_database_is_restored() {
    let crashed = Crashed::new();
    fs::remove_file(crashed.file("countmein.sqlite")).unwrap();

    assert_eq!(crashed.restore_as("countmein.sqlite.restore"), ["Ana"]);
}

/// Why the documentation warns against this. SQLite cannot know that the log belongs to another file.
#[test]
fn old_log_undoes_a_copy_over_the_database() {
    let crashed = Crashed::new();

    assert_eq!(crashed.restore_as("countmein.sqlite"), ["Ana", "Ben"]);
}

#[test]
fn bad_backup_is_refused_and_the_database_kept() {
    let crashed = Crashed::new();
    let copy = crashed.file("countmein.sqlite.restore");
    let whole = fs::read(&crashed.backup).unwrap();
    let newer = crashed.file("newer");
    fs::write(&newer, &whole).unwrap();
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 1_000).unwrap();
    let half = whole[..whole.len() / 2].to_vec();
    let bad = [(half, "malformed"), (b"no database".repeat(99), "not a database"), (Vec::new(), "no database of")];
    for (content, reason) in bad.into_iter().chain([(fs::read(&newer).unwrap(), "newer version")]) {
        fs::write(&copy, content).unwrap();

        let error = Sqlite::open(crashed.data.path()).err().expect("it is refused").to_string();

        assert!(error.contains(reason), "{reason}: {error}");
    }
    fs::remove_file(&copy).unwrap();
    assert_eq!(crashed.start(), ["Ana", "Ben"]);
}
