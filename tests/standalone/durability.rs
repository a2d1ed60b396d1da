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

/// A sync of a file that contains the word `$SYNC_BLOCKED_WORD` writes the file `$SYNC_WAITING`, and waits until the file
/// `$SYNC_ALLOWED` exists. Other syncs do not wait: background work that holds the database's lock then cannot keep the sign-up
/// from being written.
const SYNC_LIBRARY: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int contains_word(int file) {
    const char *word = getenv("SYNC_BLOCKED_WORD");
    struct stat status;
    if (!word || fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return 0;
    void *bytes = mmap(NULL, status.st_size, PROT_READ, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED) return 0;
    int found = memmem(bytes, status.st_size, word, strlen(word)) != NULL;
    munmap(bytes, status.st_size);
    return found;
}

static void wait_until_allowed(int file) {
    if (!contains_word(file)) return;
    close(open(getenv("SYNC_WAITING"), O_CREAT | O_WRONLY, 0600));
    while (access(getenv("SYNC_ALLOWED"), F_OK) != 0) usleep(1000);
}

int fdatasync(int file) {
    wait_until_allowed(file);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(file);
}

int fsync(int file) {
    wait_until_allowed(file);
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
    let (waiting, allowed) = (folder.path().join("waiting"), folder.path().join("allowed"));
    let mut command = serve(data.path());
    command.env("LD_PRELOAD", compile_sync_library(folder.path()));
    command.env("SYNC_BLOCKED_WORD", "Ben").env("SYNC_WAITING", &waiting).env("SYNC_ALLOWED", &allowed);
    let program = Program::start(command);
    assert_eq!(sign_up(&program, "Ana").unwrap(), 202);

    std::thread::scope(|scope| {
        let answer = scope.spawn(|| sign_up(&program, "Ben"));
        // The sign-up is in the log, but not yet on disk.
        wait_for("the sync", || waiting.exists());
        assert!(!answer.is_finished(), "the answer did not wait for the disk");
        fs::write(&allowed, "").unwrap();
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
