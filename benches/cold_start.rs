//! How long a function takes from its start to its first answer, beside an empty one. All are measured in turns, since
//! only their ratios mean something on another machine.
//!
//! `cargo bench --features aws --bench cold_start`; `COLD_START_ROUNDS` sets how often. Each is a new process under a
//! Runtime API like Lambda's, with one event that waits for it; what it needs of AWS a canned endpoint answers over
//! HTTPS, so that a TLS client and its handshake are in the time. The functions are those that `sam build` packages.

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

/// How many times longer than the empty function each may take.
const GOAL: f64 = 3.0;

fn main() {
    // `cargo test --all-targets` starts benches too, without this flag.
    if std::env::args().any(|argument| argument == "--bench") {
        compare();
    }
}

fn compare() {
    let rounds = std::env::var("COLD_START_ROUNDS").map_or(40, |rounds| rounds.parse().expect("a number of rounds"));
    let endpoint = Endpoint::start();
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    fs::write(&roots, endpoint.roots()).unwrap();
    let cases = cases(&environment(&endpoint, &roots));

    let mut measured: Vec<Vec<Measured>> = cases.iter().map(|_| Vec::new()).collect();
    // The first round brings the executables into memory.
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
    let floor = quartiles(&measured[0], |run| run.answered).1;
    let mut beyond = Vec::new();
    for (case, measured) in cases.iter().zip(&measured) {
        let asked = quartiles(measured, |run| run.asked).1;
        let (lower, answered, upper) = quartiles(measured, |run| run.answered);
        let memory = quartiles(measured, |run| run.memory).1;
        let binary = fs::metadata(&case.executable).unwrap().len() as f64 / 1e6;
        let ratio = answered / floor;
        println!(
            "{:<28}{asked:>8.2}{answered:>8.2}{lower:>8.2}{upper:>8.2}{ratio:>9.2}{memory:>9.1}{binary:>9.2}{:>8}",
            case.name, case.calls
        );
        if ratio > GOAL {
            beyond.push(case.name);
        }
    }
    println!();
    assert!(beyond.is_empty(), "more than {GOAL} times the empty function: {}", beyond.join(", "));
}

/// One start of one function.
struct Case {
    name: &'static str,
    executable: PathBuf,
    environment: Vec<(String, String)>,
    event: Value,
    /// Calls to AWS, those at the start included.
    calls: usize,
    is_expected: fn(&Value) -> bool,
}

/// In milliseconds and megabytes.
struct Measured {
    asked: f64,
    answered: f64,
    memory: f64,
}

fn cases(environment: &[(String, String)]) -> Vec<Case> {
    let empty = build_empty_function();
    let functions = build_functions();
    let ours = |name: &str| functions.join(name).join("bootstrap");
    let signup = events::message("message", &json!({ "event": "Dance", "name": "Melvin" }));
    let write = events::stream_record(1, None, Some(&events::attendee("dance", "Melvin")));
    let post = events::http("POST", "/events/dance/signups", Some(&json!({ "name": "Melvin" })));
    let case = |name, executable, event, calls, is_expected| Case {
        name,
        executable,
        environment: environment.to_vec(),
        event,
        calls,
        is_expected,
    };
    let is_null: fn(&Value) -> bool = Value::is_null;
    let all_taken: fn(&Value) -> bool = |answer| answer["batchItemFailures"] == json!([]);
    vec![
        case("empty", empty, events::records([signup.clone()]), 0, is_null),
        case("ingest, a sign-up", ours("ingest"), events::records([signup]), 1, all_taken),
        case("api, a sign-up", ours("api"), post, 2, |answer| answer["statusCode"] == 202),
        case("api, GET /health", ours("api"), events::http("GET", "/health", None), 2, |answer| {
            answer["statusCode"] == 200
        }),
        case("fanout, a change", ours("fanout"), events::records([write]), 5, Value::is_null),
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
            asked: milliseconds(function.first_asked()),
            answered: milliseconds(answered),
            memory: peak_memory(function.id()),
        }
    }
}

/// The executables as `sam build` packages them.
fn build_functions() -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = std::iter::once(project.join(".venv/bin"))
        .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>());
    let mut build = cargo(&["lambda", "build", "--release"]);
    let status = build.env("PATH", std::env::join_paths(tools).unwrap()).status().unwrap();
    assert!(status.success(), "`cargo lambda build` failed; `. tests/tools.sh` installs it");
    project.join("target/lambda")
}

/// The empty function as this benchmark is built, so that nothing else has to be.
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
    executables.next_back().expect("cargo says where it is")
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    // What cargo tells a benchmark of its package would make ring, which asks for its own, be built anew each time.
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
        ("COUNTMEIN_DEAD_LETTER_QUEUE_ARN", "arn:aws:sqs:us-east-1:000000000000:DeadLetters".to_owned()),
        ("COUNTMEIN_ORGANISER_SECRET", "organiser".to_owned()),
        ("COUNTMEIN_TOKEN_SECRET", "token".to_owned()),
        ("COUNTMEIN_CONTACT_SECRET", "contact".to_owned()),
        ("COUNTMEIN_PUBLIC_URL", "https://signup.example.org".to_owned()),
        ("COUNTMEIN_ANNOUNCEMENTS_TOPIC", "arn:aws:sns:us-east-1:000000000000:announcements".to_owned()),
        ("COUNTMEIN_CONTACT_TOPICS", "arn:aws:sns:us-east-1:000000000000:contact-".to_owned()),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What the process held at most, in megabytes; zero where Linux does not tell it.
fn peak_memory(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    peak.unwrap_or(0.0) * 1.024e-3
}

fn quartiles(runs: &[Measured], of: impl Fn(&Measured) -> f64) -> (f64, f64, f64) {
    let mut numbers: Vec<f64> = runs.iter().map(of).collect();
    numbers.sort_by(f64::total_cmp);
    let at = |quarter: usize| numbers[(numbers.len() - 1) * quarter / 4];
    (at(1), at(2), at(3))
}
