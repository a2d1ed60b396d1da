//! Measures durable sign-ups per second over HTTP, relative to the floor. The floor is the same HTTP server, but a
//! request costs only an append to a file and its share of an fdatasync. Both run in turns, because only their ratio is
//! comparable between machines.
//!
//! Run it with `cargo bench --bench signups`. `SIGNUPS_ROUNDS`, `SIGNUPS_SECONDS` and `SIGNUPS_CONNECTIONS` set the
//! size. `SIGNUPS_DATA` sets the folder, which must be on the disk to measure.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
mod load;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use countmein::app::connections;
use countmein::http::base_path::BasePath;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use load::{Connection, Load, Server, setting};

/// The argument that makes this executable the server of the floor.
const FLOOR: &str = "floor";

/// How long the roster may lag behind the acknowledged sign-ups.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(120);

/// Appends per sync. The program's writer has the same limit, so that both wait alike.
const GROUP_SIZE: usize = 256;
/// Appends that wait for the writer, as in the program.
const QUEUE_SIZE: usize = 1_024;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [FLOOR, file] => serve_floor(Path::new(file)),
        // `cargo test --all-targets` also starts benchmarks, but without this flag.
        _ if arguments.iter().any(|argument| argument == "--bench") => compare(),
        _ => {}
    }
}

fn compare() {
    let rounds = setting("SIGNUPS_ROUNDS", 3);
    let length = Duration::from_secs(setting("SIGNUPS_SECONDS", 5));
    let connections = setting("SIGNUPS_CONNECTIONS", 64);
    let parent = std::env::var_os("SIGNUPS_DATA").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    let folder = tempfile::tempdir_in(&parent).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    let file_system = file_system(folder.path());
    println!("{connections} connections, {rounds} rounds of {} s each, on {file_system}", length.as_secs());
    if file_system == "tmpfs" {
        println!("tmpfs is no disk, so a sync costs nothing; set SIGNUPS_DATA to a folder on a disk");
    }
    let appended = folder.path().join("appended");
    let data = folder.path().join("data");
    let floor = Server::start(Command::new(std::env::current_exe().unwrap()).arg(FLOOR).arg(&appended));
    let program = Server::program(&data);

    println!();
    println!("         floor                               program                             program  roster");
    println!(
        "round      per s   p50 ms   p99 ms  CPU µs     per s   p50 ms   p99 ms  CPU µs   / floor  behind  caught up"
    );
    let mut rates = (Vec::new(), Vec::new(), Vec::new());
    let mut appended_bytes = 0;
    for round in 1..=rounds {
        let load = Load { event: format!("bench-{round}"), connections, addresses: 1, length };
        let before = floor.processor_time();
        let mut floor_load = runtime.block_on(load.run(floor.address));
        floor_load.processor_time = floor.processor_time() - before;
        appended_bytes += floor_load.count() * (load.body(0, 0).len() as u64 + 1);
        assert_eq!(fs::metadata(&appended).unwrap().len(), appended_bytes, "every acknowledged request is in the file");

        let before = program.processor_time();
        let mut program_load = runtime.block_on(load.run(program.address));
        let catch_up = runtime.block_on(CatchUp::wait(program.address, &load.event, program_load.count()));
        program_load.processor_time = program.processor_time() - before;

        let ratio = program_load.rate() / floor_load.rate();
        println!("{round:<8} {floor_load}   {program_load} {:>9.0} %  {catch_up}", ratio * 100.0);
        rates.0.push(floor_load.rate());
        rates.1.push(program_load.rate());
        rates.2.push(ratio);
    }
    let (floor_rate, program_rate, ratio) = (median(rates.0), median(rates.1), median(rates.2));
    println!("median   {floor_rate:>7.0}{program_rate:>36.0}{:>36.0} %", ratio * 100.0);
    println!();
    let size = |name: &str| fs::metadata(data.join(name)).map_or(0.0, |file| file.len() as f64 / 1e6);
    println!("database {:.1} MB, its log {:.1} MB", size("countmein.sqlite"), size("countmein.sqlite-wal"));
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// The file system of a folder, from `/proc/mounts`.
fn file_system(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap();
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let found = mounts.filter(|(point, _)| folder.starts_with(point)).max_by_key(|(point, _)| point.len());
    found.map_or("an unknown file system", |(_, kind)| kind).to_owned()
}

/// How far the roster lagged behind the acknowledged sign-ups of a round.
struct CatchUp {
    /// Acknowledged sign-ups that were not on the roster when the round ended.
    behind: u64,
    took: Duration,
}

impl CatchUp {
    async fn wait(address: SocketAddr, event: &str, acknowledged: u64) -> Self {
        let began = Instant::now();
        let mut connection = Connection::open(address).await;
        let request = format!("GET /events/{event}/attendees?limit=1 HTTP/1.1\r\nhost: {address}\r\n\r\n");
        let mut behind = None;
        loop {
            let (status, body) = connection.request(request.as_bytes()).await;
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(body));
            let count = serde_json::from_slice::<Value>(body).unwrap()["count"].as_u64().unwrap();
            assert!(count <= acknowledged, "{count} are on the roster, but {acknowledged} were acknowledged");
            let behind = *behind.get_or_insert(acknowledged - count);
            if count == acknowledged {
                return Self { behind, took: began.elapsed() };
            }
            assert!(
                began.elapsed() < CATCH_UP_TIMEOUT,
                "only {count} of {acknowledged} acknowledged sign-ups are on the roster"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl std::fmt::Display for CatchUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>6}  {:>7.2} s", self.behind, self.took.as_secs_f64())
    }
}

/// A body to append, and the channel to signal once it is on disk.
type Append = (Bytes, oneshot::Sender<()>);

/// Runs the server of the floor until the process is killed.
fn serve_floor(file: &Path) {
    let (queue, appends) = mpsc::channel(QUEUE_SIZE);
    let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
    thread::spawn(move || append_in_groups(&mut file, appends));
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let router = Router::new().route("/events/{event}/signups", post(append)).with_state(Arc::new(queue));
        connections::serve(listener, router, BasePath::default(), false, std::future::pending()).await;
    });
}

async fn append(State(queue): State<Arc<mpsc::Sender<Append>>>, body: Bytes) -> StatusCode {
    let (done, synced) = oneshot::channel();
    queue.send((body, done)).await.unwrap();
    synced.await.unwrap();
    StatusCode::ACCEPTED
}

fn append_in_groups(file: &mut fs::File, mut queue: mpsc::Receiver<Append>) {
    let mut group = Vec::with_capacity(GROUP_SIZE);
    let mut lines = Vec::new();
    while queue.blocking_recv_many(&mut group, GROUP_SIZE) > 0 {
        lines.clear();
        for (body, _) in &group {
            lines.extend_from_slice(body);
            lines.push(b'\n');
        }
        file.write_all(&lines).unwrap();
        file.sync_data().unwrap();
        for (_, done) in group.drain(..) {
            // Sending fails if the client closed its connection.
            let _ = done.send(());
        }
    }
}
