//! Checkpoints of the write-ahead log: when they happen, and how the operator learns of failures.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use countmein::adapters::metrics::prometheus::PrometheusMetrics;
use countmein::adapters::sqlite::{DATABASE, Sqlite};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Exposition as _, Queue as _};
use rusqlite::Connection;
use serde_json::json;
use ureq::Agent;

use crate::support::program::{Program, serve};

const PATIENCE: Duration = Duration::from_secs(60);
const KEY: &str = "the-organisers-key-of-this-test";

fn agent() -> Agent {
    Agent::config_builder().timeout_global(Some(PATIENCE)).build().into()
}

fn log_size(data: &Path) -> u64 {
    fs::metadata(data.join("countmein.sqlite-wal")).unwrap().len()
}

fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_true() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn failed_checkpoints_are_counted_and_logged_once() {
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path());
    command.env("COUNTMEIN_ORGANISER_KEY", KEY);
    let program = Program::start(command);
    let remove = || {
        let request = agent().post(format!("{}/organiser/remove", program.url));
        request.header("Authorization", format!("Bearer {KEY}")).send_json(json!({ "name": "Ana" })).unwrap();
    };
    let (database, elsewhere) = (data.path().join(DATABASE), data.path().join("elsewhere"));

    // The open files still work, but a checkpoint opens the database anew.
    fs::rename(&database, &elsewhere).unwrap();
    remove();
    remove();
    remove();
    fs::rename(&elsewhere, &database).unwrap();
    remove();

    wait_until("the success is never logged", || program.log().contains("checkpoint succeeded again"));
    assert_eq!(program.log().matches("checkpoint failed").count(), 1, "{}", program.log());
    let metrics = agent().get(format!("{}/metrics", program.url)).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(metrics.contains("\ncountmein_checkpoint_failures_total 3\n"), "{metrics}");
}

#[tokio::test]
async fn checkpoint_that_waits_for_readers_is_no_failure() {
    let data = tempfile::tempdir().unwrap();
    let metrics = Arc::new(PrometheusMetrics::new());
    let sqlite = Sqlite::open_with_metrics(data.path(), metrics.clone()).unwrap();
    let reader = Connection::open(data.path().join(DATABASE)).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM queue").unwrap();
    sqlite.send(vec!["hello".to_owned()]).await.unwrap();

    sqlite.checkpoint().await;

    assert!(log_size(data.path()) > 0, "the reader needs the log");
    let metrics = metrics.encode(sqlite.depth().await.unwrap(), countmein::ports::Depth::default(), Timestamp::now());
    assert!(metrics.contains("\ncountmein_checkpoint_failures_total 0\n"), "{metrics}");
}

#[tokio::test]
async fn small_log_is_checkpointed_once_the_server_is_idle() {
    let data = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(data.path()).unwrap();
    sqlite.send(vec!["hello".to_owned()]).await.unwrap();

    sqlite.checkpoint_if_due().await;
    assert!(log_size(data.path()) > 0, "the log is fresh");

    let log = File::options().write(true).open(data.path().join("countmein.sqlite-wal")).unwrap();
    log.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    sqlite.checkpoint_if_due().await;
    assert_eq!(log_size(data.path()), 0);
}

#[test]
fn upkeep_checkpoints_a_large_log() {
    let data = tempfile::tempdir().unwrap();
    assert!(Program::start(serve(data.path())).terminate().0);
    // As after a crash: while this connection is open, the log stays.
    let other = Connection::open(data.path().join(DATABASE)).unwrap();
    other.execute_batch("CREATE TABLE filler AS SELECT zeroblob(2000000); DROP TABLE filler").unwrap();
    assert!(log_size(data.path()) > 2_000_000);

    let _program = Program::start(serve(data.path()));

    wait_until("the log stays large", || log_size(data.path()) < 1_000_000);
}
