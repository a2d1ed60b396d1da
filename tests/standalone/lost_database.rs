//! The data folder contains the organiser's key, but no database.

use std::fs;

use crate::support::program::{Program, serve};

#[test]
fn missing_database_is_reported() {
    let data = tempfile::tempdir().unwrap();
    assert!(Program::start(serve(data.path())).terminate().0);
    let database = data.path().join("countmein.sqlite");
    fs::remove_file(&database).unwrap();

    let refused = serve(data.path()).output().unwrap();

    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(error.contains("countmein.sqlite is missing") && error.contains("--new"), "{error}");
    assert!(!database.exists(), "the refused start creates none");

    let mut new = serve(data.path());
    new.arg("--new");
    assert!(Program::start(new).terminate().0);
    assert!(Program::start(serve(data.path())).terminate().0, "the next start needs no option");
}
