//! Measures durable sign-ups per second over HTTP, relative to the floor. The floor is the same HTTP server, but a
//! request costs only an append to a file and its share of an fdatasync. Both run in turns, because only their ratio is
//! comparable between machines.
//!
//! Run it with `cargo bench --bench signups`. `SIGNUPS_ROUNDS`, `SIGNUPS_SECONDS` and `SIGNUPS_CONNECTIONS` set the
//! size. `SIGNUPS_DATA` sets the folder, which must be on the disk to measure.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use countmein::app::connections;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

/// The argument that makes this executable the server of the floor.
const FLOOR: &str = "floor";

/// How long the roster may lag behind the acknowledged sign-ups.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(120);

/// Appends per sync. The program's writer has the same limit, so that both wait alike.
const GROUP_SIZE: usize = 256;
/// Appends that wait for the writer, as in the program.
const QUEUE_SIZE: usize = 1_024;

/// The unit of processor times in `/proc`.
const TICK: Duration = Duration::from_millis(10);

/// The size of the receive buffer. Every answer fits, including its head.
const ANSWER_BYTES: usize = 8_192;

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
    let floor = Server::floor(&appended);
    let program = Server::program(&data);

    println!();
    println!("         floor                               program                             program  roster");
    println!(
        "round      per s   p50 ms   p99 ms  CPU µs     per s   p50 ms   p99 ms  CPU µs   / floor  behind  caught up"
    );
    let mut rates = (Vec::new(), Vec::new(), Vec::new());
    let mut appended_bytes = 0;
    for round in 1..=rounds {
        let load = Load { event: format!("bench-{round}"), connections, length };
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

fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    let Ok(text) = std::env::var(name) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}"))
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

/// A server process. Dropping it stops the process.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn floor(file: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap());
        let mut process = process.arg(FLOOR).arg(file).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.next().unwrap().unwrap().parse().unwrap();
        Self { process, address }
    }

    fn program(data: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_countmein"))
            .args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", "--data"])
            .arg(data)
            .env_remove("RUST_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
        let address = log.find_map(|line| {
            let line: Value = serde_json::from_str(&line).ok()?;
            line["message"].as_str()?.strip_prefix("serving http://")?.trim_end_matches('/').parse().ok()
        });
        thread::spawn(move || log.for_each(|line| eprintln!("{line}")));
        Self { process, address: address.expect("the program logs its address") }
    }

    /// The processor time of the process; zero if `/proc` does not show it.
    fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let Some((_, fields)) = stat.rsplit_once(')') else { return Duration::ZERO };
        let ticks = |index: usize| fields.split_whitespace().nth(index).and_then(|field| field.parse::<u32>().ok());
        TICK * (ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Sign-ups for one event over several connections, each with another name.
#[derive(Clone)]
struct Load {
    event: String,
    connections: u64,
    length: Duration,
}

impl Load {
    async fn run(&self, address: SocketAddr) -> Measured {
        let began = Instant::now();
        let clients: Vec<_> = (0..self.connections)
            .map(|client| {
                let load = self.clone();
                tokio::spawn(async move { load.client(address, client, began + load.length).await })
            })
            .collect();
        let mut latencies = Vec::new();
        for client in clients {
            latencies.extend(client.await.unwrap());
        }
        let took = began.elapsed();
        latencies.sort_unstable();
        Measured { latencies, took, processor_time: Duration::ZERO }
    }

    async fn client(&self, address: SocketAddr, client: u64, deadline: Instant) -> Vec<Duration> {
        let mut connection = Connection::open(address).await;
        let mut latencies = Vec::new();
        let mut request = String::new();
        for number in 0.. {
            let body = self.body(client, number);
            request.clear();
            write!(
                request,
                "POST /events/{}/signups HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\n\r\n{body}",
                self.event,
                body.len(),
            )
            .unwrap();
            let sent_at = Instant::now();
            if sent_at >= deadline {
                break;
            }
            let (status, answer) = connection.request(request.as_bytes()).await;
            assert_eq!(status, 202, "{}", String::from_utf8_lossy(answer));
            latencies.push(sent_at.elapsed());
        }
        latencies
    }

    /// Every body has the same length, so that the length of the floor's file can be checked.
    fn body(&self, client: u64, number: u64) -> String {
        format!(r#"{{"name":"Person {client:03} {number:08}"}}"#)
    }
}

struct Measured {
    /// The latency of every acknowledged request, in ascending order.
    latencies: Vec<Duration>,
    took: Duration,
    /// The processor time of the server, including its work after the last answer.
    processor_time: Duration,
}

impl Measured {
    fn count(&self) -> u64 {
        self.latencies.len() as u64
    }

    fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    fn percentile(&self, percent: usize) -> f64 {
        self.latencies[(self.latencies.len() - 1) * percent / 100].as_secs_f64() * 1e3
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let per_request = self.processor_time.as_secs_f64() * 1e6 / self.latencies.len() as f64;
        write!(
            f,
            "{:>7.0}  {:>7.2}  {:>7.2}  {per_request:>6.1}",
            self.rate(),
            self.percentile(50),
            self.percentile(99)
        )
    }
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

/// A kept-alive HTTP/1.1 connection with one request at a time. It does as little as possible, because the client
/// competes with the server for the processor.
struct Connection {
    stream: TcpStream,
    received: [u8; ANSWER_BYTES],
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: [0; ANSWER_BYTES] }
    }

    /// The status and the body of the answer.
    async fn request(&mut self, request: &[u8]) -> (u16, &[u8]) {
        let mut rest = request;
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await.unwrap(),
                Err(error) => panic!("cannot send: {error}"),
            }
        }
        let mut length = 0;
        let (status, body) = loop {
            if let Some(head) = Head::parse(&self.received[..length])
                && length >= head.length + head.content_length
            {
                break (head.status, head.length..head.length + head.content_length);
            }
            self.stream.readable().await.unwrap();
            match self.stream.try_read(&mut self.received[length..]) {
                Ok(0) => panic!("the server closed the connection, or its answer exceeds {ANSWER_BYTES} bytes"),
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("cannot receive: {error}"),
            }
        };
        (status, &self.received[body])
    }
}

struct Head {
    status: u16,
    length: usize,
    content_length: usize,
}

impl Head {
    /// `None` until the whole head is received.
    fn parse(received: &[u8]) -> Option<Self> {
        let length = received.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let head = str::from_utf8(&received[..length]).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let content_length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
        });
        Some(Self { status, length, content_length: content_length.expect("the servers send a content-length") })
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
        connections::serve(listener, router, false, std::future::pending()).await;
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
