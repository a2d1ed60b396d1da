//! The disk is full for a while: what was acknowledged is on the roster afterwards, and nothing is rejected.
//!
//! A limit on the size of the program's files stands for the full disk: writes beyond it fail.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

use crate::support::program::{Program, serve};

const PATIENCE: Duration = Duration::from_secs(60);
const KEY: &str = "the-organisers-key-of-this-test";
const CLIENTS: usize = 4;

fn agent() -> Agent {
    let config = Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
    config.build().into()
}

/// Limits the size of the program's files, or removes the limit.
fn limit_files(program: &Program, limit: Option<u64>) {
    let limit = limit.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
    let arguments = ["--pid", &program.id().to_string(), &format!("--fsize={limit}:")];
    assert!(Command::new("prlimit").args(arguments).status().unwrap().success());
}

/// Signs people up until `is_over`. Returns the names that were acknowledged, and the number of refusals.
fn sign_up_until(is_over: &AtomicBool, url: &str, client: usize) -> (BTreeSet<String>, usize) {
    let (agent, mut acknowledged, mut refused) = (agent(), BTreeSet::new(), 0);
    for number in 0.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let name = format!("guest {client} {number}");
        let response = agent.post(format!("{url}/events/Dance/signups")).send_json(json!({ "name": name })).unwrap();
        match response.status().as_u16() {
            202 => drop(acknowledged.insert(name)),
            503 => refused += 1,
            status => panic!("{name}: {status}"),
        }
    }
    (acknowledged, refused)
}

fn get(url: &str, path: &str) -> Value {
    let request = agent().get(format!("{url}{path}")).header("Authorization", format!("Bearer {KEY}"));
    request.call().unwrap().body_mut().read_json().unwrap()
}

fn names(url: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut path = "/events/dance/attendees?limit=1000".to_owned();
    loop {
        let page = get(url, &path);
        let attendees = page["attendees"].as_array().unwrap().iter();
        names.extend(attendees.map(|attendee| attendee["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { return names };
        path = format!("/events/dance/attendees?limit=1000&cursor={next}");
    }
}

/// Sets the flag at the end, even that of a failed test, so that the clients stop.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn health(url: &str) -> u16 {
    agent().get(format!("{url}/health")).call().unwrap().status().as_u16()
}

fn log_size(data: &Path) -> u64 {
    fs::metadata(data.join("countmein.sqlite-wal")).unwrap().len()
}

#[test]
fn full_disk_loses_and_rejects_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new("bash");
    // Without a handler, a write beyond the limit would kill the program.
    command.args(["-c", r#"trap "" XFSZ; exec "$@""#, "bash"]);
    let program = serve(data.path());
    command.arg(program.get_program()).args(program.get_args());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("COUNTMEIN_ORGANISER_KEY", KEY);
    let program = Program::start(command);

    let is_over = AtomicBool::new(false);
    let mut is_reported = false;
    let (acknowledged, refused) = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn({
                    let (is_over, url) = (&is_over, &program.url);
                    move || sign_up_until(is_over, url, client)
                })
            })
            .collect();
        let over = Over(&is_over);
        for _ in 0..5 {
            // Also right after a write has begun, so that it fails at any of its steps.
            thread::sleep(Duration::from_millis(300));
            limit_files(&program, Some(log_size(data.path())));
            thread::sleep(Duration::from_secs(2));
            is_reported |= health(&program.url) == 503;
            limit_files(&program, None);
        }
        drop(over);
        let mut all = (BTreeSet::new(), 0);
        for client in clients {
            let (acknowledged, refused) = client.join().unwrap();
            all.0.extend(acknowledged);
            all.1 += refused;
        }
        all
    });

    assert!(refused > 0, "the disk was never full");
    assert!(is_reported, "the health never was 503");
    assert_eq!(health(&program.url), 200);
    assert!(acknowledged.len() > CLIENTS, "{}", acknowledged.len());
    let deadline = Instant::now() + PATIENCE;
    while !acknowledged.is_subset(&names(&program.url)) {
        assert!(Instant::now() < deadline, "missing: {:?}", acknowledged.difference(&names(&program.url)).next());
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(get(&program.url, "/organiser/rejects")["rejects"], json!([]));
    println!("{} sign-ups were acknowledged, {refused} refused", acknowledged.len());
}
