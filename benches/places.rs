//! Measures durable sign-ups per second over HTTP for an event with a limited number of places, relative to one without. Both
//! take turns on the same server, because only their ratio is comparable between machines.
//!
//! Run it with `cargo bench --bench places`. `PLACES_ROUNDS`, `PLACES_SECONDS` and `PLACES_CONNECTIONS` set the size.
//! `PLACES_DATA` sets the folder, which must be on the disk to measure.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
mod load;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection as Database, OpenFlags};
use tokio::runtime::Runtime;

use load::{Connection, Load, Measured, Server, setting};

/// The number of places. Almost everybody waits.
const PLACES: u32 = 100;

/// How long decisions may lag behind the acknowledged sign-ups.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(120);

fn main() {
    // `cargo test --all-targets` also starts benchmarks, but without this flag.
    if std::env::args().any(|argument| argument == "--bench") {
        compare();
    }
}

fn compare() {
    let rounds = setting("PLACES_ROUNDS", 5);
    let length = Duration::from_secs(setting("PLACES_SECONDS", 5));
    let connections = setting("PLACES_CONNECTIONS", 64);
    let parent = std::env::var_os("PLACES_DATA").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    let folder = tempfile::tempdir_in(&parent).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let data = folder.path().join("data");
    let program = Server::program(&data);
    println!("{connections} connections, {rounds} rounds of {} s each; {PLACES} places", length.as_secs());
    println!();
    println!("         without a limit                     with a limit                         with /   decided");
    println!("round      per s   p50 ms   p99 ms  CPU µs     per s   p50 ms   p99 ms  CPU µs    without  after");
    let mut ratios = Vec::new();
    for round in 1..=rounds {
        let load = |kind: &str| Load { event: format!("bench-{kind}-{round}"), connections, addresses: 1, length };
        let (without, with) = (load("free"), load("limited"));
        let (free, _) = run(&runtime, &program, &without, &data);
        runtime.block_on(create(program.address, &with.event));
        let (limited, decided) = run(&runtime, &program, &with, &data);
        let ratio = limited.rate() / free.rate();
        println!("{round:<8} {free}   {limited} {:>9.0} %  {:>5.2} s", ratio * 100.0, decided.as_secs_f64());
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median {:>88.0} %", ratios[ratios.len() / 2] * 100.0);
}

/// Runs the load, and then waits until everything that it causes is done, which is part of the processor time. Returns also
/// how long it waited.
fn run(runtime: &Runtime, program: &Server, load: &Load, data: &Path) -> (Measured, Duration) {
    let before = program.processor_time();
    let mut measured = runtime.block_on(load.run(program.address));
    let waited = wait_until_decided(data);
    measured.processor_time = program.processor_time() - before;
    (measured, waited)
}

/// Creates an event with a limited number of places.
async fn create(address: SocketAddr, event: &str) {
    let body = format!("{{\"title\": \"{event}\", \"capacity\": {PLACES}}}");
    let head = format!("POST /events HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json");
    let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut connection = Connection::open(address).await;
    let (status, body) = connection.request(request.as_bytes()).await;
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(body));
}

/// Waits until the roster has every sign-up, and every change is in the digest of its event, with the seats that it decided.
/// Returns how long that took.
fn wait_until_decided(data: &Path) -> Duration {
    let began = Instant::now();
    let path = data.join("countmein.sqlite");
    let db = Database::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT (SELECT count(*) FROM queue)
               + (SELECT max(seq) FROM change) - (SELECT CAST(position AS INTEGER) FROM follower WHERE name = 'fanout')";
    until(|| db.query_row(sql, (), |row| row.get::<_, i64>(0)).unwrap() == 0);
    began.elapsed()
}

fn until(is_done: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_done() {
        assert!(began.elapsed() < CATCH_UP_TIMEOUT, "the server does not catch up");
        thread::sleep(Duration::from_millis(20));
    }
}
