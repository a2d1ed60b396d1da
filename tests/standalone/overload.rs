//! Clients that read slowly or not at all, and many requests at once.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::program::{Program, serve};

const KEY: &str = "correct-horse-battery";
const PATIENCE: Duration = Duration::from_secs(60);

/// Requests that a client sends on each connection without reading an answer. Their answers are larger than the buffers of
/// the operating system.
const REQUESTS: usize = 100;

const ROSTER: &str = "GET /events/dance/attendees?limit=1000 HTTP/1.1\r\nhost: test\r\n\r\n";

/// Starts a server with an event whose roster does not fit on one page.
fn start(data: &tempfile::TempDir) -> Program {
    let mut command = serve(data.path());
    command.args(["--organiser-key", KEY]);
    let program = Program::start(command);
    let rows: Vec<Value> = (0..1_000)
        .map(|row| json!({ "row": row, "event": "Dance", "name": format!("{row:04}{}", "🕺".repeat(76)) }))
        .collect();
    let import = json!({ "import": "dancers", "began_at": 1_795_431_600_000_i64, "rows": rows });
    let request = ureq::post(format!("{}/organiser/import", program.url));
    request.header("Authorization", format!("Bearer {KEY}")).send_json(import).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while roster(&program, "limit=1")["count"] != 1_000 {
        assert!(Instant::now() < deadline, "the rows are not on the roster");
        std::thread::sleep(Duration::from_millis(20));
    }
    program
}

fn roster(program: &Program, query: &str) -> Value {
    ureq::get(format!("{}/events/dance/attendees?{query}", program.url)).call().unwrap().body_mut().read_json().unwrap()
}

fn address(program: &Program) -> SocketAddr {
    program.url.strip_prefix("http://").unwrap().parse().unwrap()
}

/// Opens a connection that can take only little data before it must be read.
async fn connect(program: &Program, from: Ipv4Addr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.bind((IpAddr::from(from), 0).into()).unwrap();
    socket.connect(address(program)).await.unwrap()
}

/// Connections that asked for the roster many times, and read nothing.
async fn silent_readers(program: &Program, count: u16, from: impl Fn(u16) -> Ipv4Addr) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for number in 0..count {
        let mut stream = connect(program, from(number)).await;
        stream.write_all(ROSTER.repeat(REQUESTS).as_bytes()).await.unwrap();
        streams.push(stream);
    }
    streams
}

/// Sends one request from an address of its own, and returns the status of the answer.
async fn status(program: &Program, request: String) -> String {
    let mut stream = connect(program, Ipv4Addr::new(127, 0, 9, 9)).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(PATIENCE, read).await.expect("an answer").unwrap();
    String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap_or_default().to_owned()
}

fn sign_up(name: &str) -> String {
    let body = json!({ "name": name }).to_string();
    let length = body.len();
    format!(
        "POST /events/dance/signups HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// The memory of the server in RAM, in MiB.
fn memory(program: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1_024
}

#[test]
fn pages_of_long_names_are_limited_in_bytes() {
    let data = tempfile::tempdir().unwrap();
    let program = start(&data);
    let (mut names, mut query) = (Vec::new(), "limit=1000".to_owned());
    loop {
        let page = roster(&program, &query);
        assert!(page.to_string().len() <= 256 * 1_024, "{}", page.to_string().len());
        let attendees = page["attendees"].as_array().unwrap();
        names.extend(attendees.iter().map(|attendee| attendee["name"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => query = format!("limit=1000&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names.len(), 1_000);
    assert!(names.is_sorted());
}

#[tokio::test]
async fn client_that_never_reads_is_cut_off() {
    let data = tempfile::tempdir().unwrap();
    let program = start(&data);
    let mut stream = silent_readers(&program, 1, |_| Ipv4Addr::new(127, 0, 1, 1)).await.remove(0);
    let deadline = Instant::now() + PATIENCE;
    // Once the server has closed the connection, it cannot be written to.
    while stream.write_all(b"G").await.is_ok() {
        assert!(Instant::now() < deadline, "the client is not cut off");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn silent_readers_of_one_client_do_not_affect_others() {
    const CONNECTIONS: u16 = 800;
    const ALLOWED_MIB: u64 = 64;
    let data = tempfile::tempdir().unwrap();
    let program = start(&data);
    let before = memory(&program);
    let streams = silent_readers(&program, CONNECTIONS, |_| Ipv4Addr::new(127, 0, 1, 1)).await;
    let roster = ROSTER.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    assert_eq!(status(&program, roster).await, "200");
    assert_eq!(status(&program, sign_up("Zoe")).await, "202");
    let used = memory(&program) - before;
    assert!(used < ALLOWED_MIB, "{} connections that read nothing use {used} MiB", streams.len());
}
