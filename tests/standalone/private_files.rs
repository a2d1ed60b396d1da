//! Only the owner of the data folder can access it and its files, whatever their modes were before the start.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use rusqlite::Connection;

use crate::support::program::{Program, serve};

const FILES: [&str; 6] = [
    "countmein.sqlite",
    "countmein.sqlite-wal",
    "countmein.sqlite-shm",
    "countmein.lock",
    "organiser.key",
    "token.key",
];

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn accessible_files_are_made_private() {
    let data = tempfile::tempdir().unwrap();
    assert!(Program::start(serve(data.path())).terminate().0);
    // While this connection is open, the log and its index stay, as after a crash.
    let other = Connection::open(data.path().join("countmein.sqlite")).unwrap();
    other.execute_batch("UPDATE clock SET latest = latest + 1").unwrap();
    fs::write(data.path().join("token.key"), "a-key-of-an-earlier-start").unwrap();
    for file in FILES {
        set_mode(&data.path().join(file), 0o644);
    }
    let (notes, linked) = (data.path().join("notes.txt"), tempfile::NamedTempFile::new().unwrap());
    fs::write(&notes, "").unwrap();
    symlink(linked.path(), data.path().join("linked.key")).unwrap();
    for path in [&notes, linked.path()] {
        set_mode(path, 0o644);
    }
    set_mode(data.path(), 0o755);

    let program = Program::start(serve(data.path()));

    assert_eq!(mode(data.path()), 0o700);
    for file in FILES {
        assert_eq!(mode(&data.path().join(file)), 0o600, "{file}");
        assert!(program.log().contains(&format!("/{file}\"")), "{file} is not in the log: {}", program.log());
    }
    for path in [&notes, linked.path()] {
        assert_eq!(mode(path), 0o644, "{} is not ours", path.display());
    }
    drop(program);
    let log = Program::start(serve(data.path())).log();
    assert!(!log.contains("made it private"), "nothing is left to change: {log}");
}

#[test]
fn new_folder_is_private() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("deep/data");
    let program = Program::start(serve(&data));
    assert_eq!((mode(data.parent().unwrap()), mode(&data)), (0o700, 0o700));
    let files = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path());
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert!(!program.log().contains("WARN"), "{}", program.log());
}

#[test]
fn folder_of_many_users_stays_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    set_mode(data.path(), 0o1777);

    let program = Program::start(serve(data.path()));

    assert_eq!(mode(data.path()), 0o1777);
    assert!(program.log().contains("choose another with --data"), "{}", program.log());
}

#[test]
fn file_of_another_user_is_reported() {
    let data = tempfile::tempdir().unwrap();
    let key = data.path().join("organiser.key");
    fs::write(&key, "a-key-that-root-manages").unwrap();
    set_mode(&key, 0o644);
    if fs::metadata(&key).unwrap().uid() != 0 {
        eprintln!("skipped: only root can run the server as another user");
        return;
    }
    let user = 65_534;
    chown(data.path(), Some(user), Some(user)).unwrap();
    let mut command = serve(data.path());
    command.arg("--new").uid(user).gid(user);

    let program = Program::start(command);

    assert_eq!(mode(&key), 0o644);
    let log = program.log();
    assert!(log.contains("organiser.key\"") && log.contains("belongs to another user"), "{log}");
}
