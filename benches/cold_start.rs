//! Measures how long each function takes from its start to its first answer, relative to an empty function. The
//! functions run in turns, because only the ratios are comparable between machines.
//!
//! Run it with `cargo bench --features aws --bench cold_start`. `COLD_START_ROUNDS` sets the number of rounds.
//!
//! Each start is a new process under a Runtime API like Lambda's, with one event that waits for it. A canned endpoint
//! answers the calls to AWS over HTTPS, so the time includes the TLS handshake. The executables are the ones that
//! `sam build` packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use endpoint::Endpoint;
use support::runtime_api::{Answer, Function, events};

#[path = "cold_start/endpoint.rs"]
mod endpoint;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/support/mod.rs"]
mod support;

/// The benchmark fails if a function takes more than this many times as long as the empty function.
const MAX_RATIO: f64 = 3.0;

fn main() {
    // `cargo test --all-targets` also starts benchmarks, but without this flag.
    if std::env::args().any(|argument| argument == "--bench") {
        compare();
    }
}

fn compare() {
    let rounds =
        std::env::var("COLD_START_ROUNDS").map_or(40, |rounds| rounds.parse().expect("COLD_START_ROUNDS is a number"));
    let endpoint = Endpoint::start();
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    fs::write(&roots, endpoint.roots()).unwrap();
    let cases = cases(&environment(&endpoint, &roots));

    let mut measured: Vec<Vec<Measured>> = cases.iter().map(|_| Vec::new()).collect();
    // The first round is not measured. It loads the executables into memory.
    for round in 0..=rounds {
        for (case, measured) in cases.iter().zip(&mut measured) {
            let calls = endpoint.calls();
            let run = case.run();
            assert_eq!(endpoint.calls() - calls, case.calls, "calls to AWS of {}", case.name);
            if round > 0 {
                measured.push(run);
            }
        }
    }

    println!("medians of {rounds} rounds, and the lower and upper quartile of the first answer");
    println!();
    println!("                              first    first answer, ms        to the   memory   binary   calls");
    println!("                            /next ms  median   lower   upper    empty       MB       MB  to AWS");
    let empty = quartiles(&measured[0], |run| run.answered).1;
    let mut too_slow = Vec::new();
    for (case, measured) in cases.iter().zip(&measured) {
        let first_next = quartiles(measured, |run| run.first_next).1;
        let (lower, answered, upper) = quartiles(measured, |run| run.answered);
        let memory = quartiles(measured, |run| run.memory).1;
        let binary = fs::metadata(&case.executable).unwrap().len() as f64 / 1e6;
        let ratio = answered / empty;
        println!(
            "{:<28}{first_next:>8.2}{answered:>8.2}{lower:>8.2}{upper:>8.2}{ratio:>9.2}{memory:>9.1}{binary:>9.2}{:>8}",
            case.name, case.calls
        );
        if ratio > MAX_RATIO {
            too_slow.push(case.name);
        }
    }
    println!();
    assert!(too_slow.is_empty(), "more than {MAX_RATIO} times the empty function: {}", too_slow.join(", "));
}

/// One start of one function.
struct Case {
    name: &'static str,
    executable: PathBuf,
    environment: Vec<(String, String)>,
    event: Value,
    /// Expected calls to AWS, including those at the start.
    calls: usize,
    is_expected: fn(&Value) -> bool,
}

/// The measurements of one start.
struct Measured {
    /// Milliseconds until the first call of `next` of the Runtime API.
    first_next: f64,
    /// Milliseconds until the answer.
    answered: f64,
    /// Peak memory in megabytes.
    memory: f64,
}

fn cases(environment: &[(String, String)]) -> Vec<Case> {
    let empty = build_empty_function();
    let functions = build_functions();
    let executable = |name: &str| functions.join(name).join("bootstrap");
    let message = events::message("message", &json!({ "event": "Dance", "name": "Melvin" }));
    let change = events::stream_record(1, None, Some(&events::attendee("dance", "Melvin")));
    let opt_in_request = json!({ "kind": "opt_in_request", "event": "dance", "name": "melvin", "owner": "signup" });
    let opt_in_request = events::message("opt-in-request", &opt_in_request);
    let request = events::http("POST", "/events/dance/signups", Some(&json!({ "name": "Melvin" })));
    let case = |name, executable, event, calls, is_expected| Case {
        name,
        executable,
        environment: environment.to_vec(),
        event,
        calls,
        is_expected,
    };
    let is_null: fn(&Value) -> bool = Value::is_null;
    let has_no_failures: fn(&Value) -> bool = |answer| answer["batchItemFailures"] == json!([]);
    vec![
        case("empty", empty, events::records([message.clone()]), 0, is_null),
        case("ingest, a sign-up", executable("ingest"), events::records([message]), 2, has_no_failures),
        case("api, a sign-up", executable("api"), request, 3, |answer| answer["statusCode"] == 202),
        case("api, GET /health", executable("api"), events::http("GET", "/health", None), 2, |answer| {
            answer["statusCode"] == 200
        }),
        case("fanout, a change", executable("fanout"), events::records([change]), 6, Value::is_null),
        case("deliver, a message", executable("deliver"), events::records([opt_in_request]), 3, has_no_failures),
    ]
}

impl Case {
    fn run(&self) -> Measured {
        let function = Function::start(&self.executable, &self.environment);
        function.hand_out(&self.event);
        let (answer, answered) = function.answer();
        match answer {
            Answer::Response(response) if (self.is_expected)(&response) => {}
            other => panic!("{} answered {other:?}", self.name),
        }
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        Measured {
            first_next: milliseconds(function.first_asked()),
            answered: milliseconds(answered),
            memory: peak_memory(function.id()),
        }
    }
}

/// Builds the executables that `sam build` packages.
fn build_functions() -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = std::iter::once(project.join(".venv/bin"))
        .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>());
    let mut build = cargo(&["lambda", "build", "--release"]);
    let status = build.env("PATH", std::env::join_paths(tools).unwrap()).status().unwrap();
    assert!(status.success(), "`cargo lambda build` failed; `. tests/tools.sh` installs it");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project.join("target"), PathBuf::from).join("lambda")
}

/// Builds the empty function with the features of this benchmark, so that no dependency is built again.
fn build_empty_function() -> PathBuf {
    let output = cargo(&["build", "--release", "--locked", "--features", "aws", "--example", "empty_function"])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let messages = String::from_utf8(output.stdout).unwrap();
    let mut executables = messages.lines().filter_map(|line| {
        let artifact: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(artifact["executable"].as_str()?))
    });
    executables.next_back().expect("cargo prints the path of the executable")
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    // Cargo sets these variables for the benchmark's package. The build script of ring reads them, so ring would be
    // built again each time.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

fn environment(endpoint: &Endpoint, roots: &Path) -> Vec<(String, String)> {
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint.url()),
        ("SSL_CERT_FILE", roots.to_str().unwrap().to_owned()),
        ("COUNTMEIN_STAGE", "bench".to_owned()),
        ("COUNTMEIN_TABLE", "Events".to_owned()),
        ("COUNTMEIN_QUEUE_URL", format!("{}/000000000000/Signups", endpoint.url())),
        ("COUNTMEIN_OUTBOX_URL", format!("{}/000000000000/Outbox", endpoint.url())),
        ("COUNTMEIN_OUTBOX_DEAD_LETTERS_URL", format!("{}/000000000000/OutboxDeadLetters", endpoint.url())),
        ("COUNTMEIN_DEAD_LETTER_QUEUE_ARN", "arn:aws:sqs:us-east-1:000000000000:DeadLetters".to_owned()),
        ("COUNTMEIN_ORGANISER_SECRET", "organiser".to_owned()),
        ("COUNTMEIN_TOKEN_SECRET", "token".to_owned()),
        ("COUNTMEIN_EXPORTS_BUCKET", "exports".to_owned()),
        ("COUNTMEIN_CONTACT_SECRET", "contact".to_owned()),
        ("COUNTMEIN_PUBLIC_URL", "https://signup.example.org".to_owned()),
        ("COUNTMEIN_ANNOUNCEMENTS_TOPIC", "arn:aws:sns:us-east-1:000000000000:announcements".to_owned()),
        ("COUNTMEIN_CONTACT_TOPICS", "arn:aws:sns:us-east-1:000000000000:contact-".to_owned()),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The peak memory of a process in megabytes; zero if `/proc` does not show it.
fn peak_memory(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    peak.unwrap_or(0.0) * 1.024e-3
}

fn quartiles(runs: &[Measured], value: impl Fn(&Measured) -> f64) -> (f64, f64, f64) {
    let mut numbers: Vec<f64> = runs.iter().map(value).collect();
    numbers.sort_by(f64::total_cmp);
    let at = |quarter: usize| numbers[(numbers.len() - 1) * quarter / 4];
    (at(1), at(2), at(3))
}
