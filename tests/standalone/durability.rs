//! What must be on disk before something else happens. A small library in front of the C library controls `fdatasync` and
//! `fsync` of the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use countmein::adapters::sqlite::DATABASE;
use serde_json::json;

use crate::support::program::{Program, serve};

const PATIENCE: Duration = Duration::from_secs(60);

/// While the file `$SYNC_BLOCKED` exists, a sync waits.
const SYNC_LIBRARY: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_while_blocked(void) {
    const char *path = getenv("SYNC_BLOCKED");
    while (path && access(path, F_OK) == 0) usleep(1000);
}

int fdatasync(int file) {
    wait_while_blocked();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(file);
}

int fsync(int file) {
    wait_while_blocked();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
}
"#;

fn compile_sync_library(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("sync.c"), folder.join("sync.so"));
    fs::write(&source, SYNC_LIBRARY).unwrap();
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).arg("-ldl").status();
    assert!(compiled.expect("a C compiler, which SQLite needs too").success());
    library
}

fn sign_up(program: &Program, name: &str) -> Result<u16, ureq::Error> {
    let request = ureq::post(format!("{}/events/dance/signups", program.url));
    let request = request.config().timeout_global(Some(PATIENCE)).build();
    Ok(request.send_json(json!({ "name": name }))?.status().as_u16())
}

fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waiting for {what} takes too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn database(data: &Path) -> rusqlite::Connection {
    let database = rusqlite::Connection::open(data.join(DATABASE)).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    database
}

#[test]
fn answer_waits_until_the_sign_up_is_on_disk() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let blocked = folder.path().join("blocked");
    let mut command = serve(data.path());
    command.env("LD_PRELOAD", compile_sync_library(folder.path())).env("SYNC_BLOCKED", &blocked);
    let program = Program::start(command);
    assert_eq!(sign_up(&program, "Ana").unwrap(), 202);
    wait_for("the end of all work", || {
        let idle = "SELECT (SELECT count(*) FROM queue) = 0 AND (SELECT count(*) FROM follower) = 2
                    AND (SELECT min(CAST(position AS INTEGER)) FROM follower) = (SELECT max(seq) FROM change)";
        database(data.path()).query_row(idle, (), |row| row.get::<_, Option<bool>>(0)).unwrap() == Some(true)
    });

    fs::write(&blocked, "").unwrap();
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| sign_up(&program, "Ben"));
        // The sign-up is in the log, but not yet on disk.
        let log = data.path().join(format!("{DATABASE}-wal"));
        wait_for("the write", || fs::read(&log).unwrap().windows(3).any(|bytes| bytes == b"Ben"));
        assert!(!answer.is_finished(), "the answer did not wait for the disk");
        fs::remove_file(&blocked).unwrap();
        assert_eq!(answer.join().unwrap().unwrap(), 202);
    });
}

#[test]
fn follower_stores_its_position_after_its_work() {
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(serve(data.path()));
    let failing = "CREATE TRIGGER failing BEFORE INSERT ON digest BEGIN SELECT RAISE(ABORT, 'by the test'); END";
    database(data.path()).execute_batch(failing).unwrap();
    assert_eq!(sign_up(&program, "Ana").unwrap(), 202);
    wait_for("the failure", || program.log().contains("storing a digest failed"));

    database(data.path()).execute_batch("DROP TRIGGER failing").unwrap();

    wait_for("the digest", || {
        database(data.path()).query_row("SELECT count(*) FROM digest", (), |row| row.get::<_, u64>(0)).unwrap() == 1
    });
}
