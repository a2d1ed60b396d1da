//! Measures what an event's page costs: what a first visit loads, how fast it comes, and what people cost who keep looking at it.
//!
//! Run it with `cargo bench --bench pages`. `PAGES_ATTENDEES` (default 100,000) sets the size of the largest event, `PAGES_VIEWERS`
//! (default 10,000) the number of people who look at the same page, and `PAGES_SECONDS` (default 60) for how long.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
mod load;

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use load::{Connection, Server, setting};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

/// How often a browser asks for a page that does not change, if the server does not tell it of changes.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// The number of requests of which the median time is taken.
const REQUESTS: usize = 201;

/// The number of sign-ups that are sent at a time.
const SENDERS: usize = 64;

fn main() {
    // `cargo test --all-targets` also starts benchmarks, but without this flag.
    if std::env::args().any(|argument| argument == "--bench") {
        rlimit::increase_nofile_limit(20_000).unwrap();
        tokio::runtime::Runtime::new().unwrap().block_on(measure());
    }
}

async fn measure() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let server = Server::program(folder.path());
    println!("| attendees | requests | bytes | first byte, page not known | first byte, page known |");
    println!("|---:|---:|---:|---:|---:|");
    let mut event = String::new();
    for attendees in [10, 500, setting("PAGES_ATTENDEES", 100_000)] {
        event = format!("Event of {attendees}").replace(' ', "-");
        sign_up(&server, &event, attendees).await;
        first_visit(&server, &event, attendees);
    }
    println!();
    watch(&server, &event).await;
}

async fn sign_up(server: &Server, event: &str, attendees: usize) {
    let address = server.address;
    let next = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (next, event) = (Arc::clone(&next), event.to_owned());
            tokio::spawn(async move {
                let mut connection = Connection::open(address).await;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= attendees {
                        return;
                    }
                    let body = format!("{{\"name\":\"{}\"}}", name(number));
                    let request = format!(
                        "POST /events/{event}/signups HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
                         content-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    assert_eq!(connection.request(request.as_bytes()).await.0, 202);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let count = format!("\"count\":{attendees}}}");
    let get = format!("GET /events/{event} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\n\r\n");
    let mut connection = Connection::open(address).await;
    while !String::from_utf8_lossy(connection.request(get.as_bytes()).await.1).contains(&count) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Announcements of the last sign-ups are stored for a while.
    tokio::time::sleep(Duration::from_secs(5)).await;
}

/// A name that differs from the others in more than its number, so that it is not compressed away.
fn name(number: usize) -> String {
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 8;
    format!("Guest {:x}", scattered % 0x1000_0000_0000)
}

/// The answer to a request as a browser sends it, and the time until its first byte.
fn load(address: SocketAddr, path: &str, accept: &str) -> (Vec<u8>, Duration) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let began = Instant::now();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: {accept}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = vec![0; 1];
    stream.read_exact(&mut answer).unwrap();
    let first_byte = began.elapsed();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{path}: {}", String::from_utf8_lossy(&answer[..100]));
    (answer, first_byte)
}

/// The files that a browser loads with the page.
fn files(server: &Server, event: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(server.address).unwrap();
    write!(stream, "GET /events/{event} HTTP/1.0\r\nhost: {}\r\naccept: text/html\r\n\r\n", server.address).unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    let head = page.split_once("</head>").expect("a page has a head").0;
    let links = head.split('<').filter(|tag| tag.starts_with("link ") || tag.starts_with("script "));
    links
        .filter_map(|tag| tag.split("href=\"").nth(1).or_else(|| tag.split("src=\"").nth(1)))
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect()
}

fn first_visit(server: &Server, event: &str, attendees: usize) {
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e3
    };
    let path = format!("/events/{event}");
    let files = files(server, event);
    let page = load(server.address, &path, "text/html").0.len();
    let bytes = page + files.iter().map(|file| load(server.address, file, "*/*").0.len()).sum::<usize>();
    // Another query is another page, which nobody has asked for yet.
    let new = (0..REQUESTS).map(|number| load(server.address, &format!("{path}?n={number}"), "text/html").1).collect();
    let known = (0..REQUESTS).map(|_| load(server.address, &path, "text/html").1).collect();
    println!("| {attendees} | {} | {bytes} | {:.2} ms | {:.2} ms |", files.len() + 1, median(new), median(known));
}

/// What the viewers have received and asked so far.
#[derive(Default)]
struct Told {
    streams: AtomicUsize,
    events: AtomicUsize,
    polls: AtomicUsize,
    new_pages: AtomicUsize,
}

async fn watch(server: &Server, event: &str) {
    let viewers: usize = setting("PAGES_VIEWERS", 10_000);
    let seconds: u64 = setting("PAGES_SECONDS", 60);
    let told = Arc::new(Told::default());
    for number in 0..viewers {
        let (told, address, event) = (Arc::clone(&told), server.address, event.to_owned());
        tokio::spawn(async move {
            // Not all at once, because people do not come all at once.
            let share = u32::try_from(number).unwrap() * POLL_INTERVAL / u32::try_from(viewers).unwrap();
            tokio::time::sleep(share).await;
            if let Err(error) = view(number, address, &event, &told).await {
                eprintln!("viewer {number}: {error}");
            }
        });
    }
    tokio::time::sleep(POLL_INTERVAL + Duration::from_secs(5)).await;
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let (polls, began, time) = (count(&told.polls), Instant::now(), server.processor_time());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let share = (server.processor_time() - time).as_secs_f64() / began.elapsed().as_secs_f64();
    println!("{viewers} people look at a page that does not change for {seconds} s:");
    println!("  {} are told of changes, the others asked {} times", count(&told.streams), count(&told.polls) - polls);
    println!("  {:.1} % of a core, {:.0} MB of memory", share * 1e2, server.memory().0);

    let (events, time) = (count(&told.events), server.processor_time());
    let mut stream = TcpStream::connect(server.address).unwrap();
    let body = "{\"name\":\"The last guest\"}";
    write!(
        stream,
        "POST /events/{event}/signups HTTP/1.0\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        server.address,
        body.len()
    )
    .unwrap();
    tokio::time::sleep(POLL_INTERVAL + Duration::from_secs(5)).await;
    println!("Then one person signs up:");
    println!(
        "  {} events, {} new pages, {:.2} s of processor time in 35 s",
        count(&told.events) - events,
        count(&told.new_pages),
        (server.processor_time() - time).as_secs_f64()
    );
}

/// Looks at the page like a browser, which has loaded it already.
async fn view(number: usize, address: SocketAddr, event: &str, told: &Told) -> io::Result<()> {
    let number = u32::try_from(number).expect("there are fewer viewers");
    let local = IpAddr::from(Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 0).to_bits() + number));
    let path = format!("/events/{event}");
    let mut stream = send(local, address, &path, "accept: text/event-stream\r\n").await?;
    let mut answer = vec![0; 4_096];
    let length = stream.read(&mut answer).await?;
    let mut tag = String::new();
    if answer[..length].starts_with(b"HTTP/1.1 200 ") {
        told.streams.fetch_add(1, Ordering::Relaxed);
        loop {
            let length = stream.read(&mut answer).await?;
            if length == 0 {
                return Ok(());
            }
            if String::from_utf8_lossy(&answer[..length]).contains("data:") {
                told.events.fetch_add(1, Ordering::Relaxed);
                tag = load_page(local, address, &path, &tag).await?.unwrap_or(tag);
                told.new_pages.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    drop(stream);
    loop {
        let is_first = tag.is_empty();
        if let Some(new) = load_page(local, address, &path, &tag).await? {
            told.new_pages.fetch_add(usize::from(!is_first), Ordering::Relaxed);
            tag = new;
        }
        told.polls.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

async fn send(local: IpAddr, address: SocketAddr, path: &str, headers: &str) -> io::Result<tokio::net::TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((local, 0).into())?;
    let mut stream = socket.connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept-encoding: gzip\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

/// Asks for the page. Returns its tag if it is another one than that of this tag.
async fn load_page(local: IpAddr, address: SocketAddr, path: &str, tag: &str) -> io::Result<Option<String>> {
    let headers = format!("accept: text/html\r\nif-none-match: {tag}\r\nconnection: close\r\n");
    let mut stream = send(local, address, path, &headers).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    if answer.starts_with("HTTP/1.1 304 ") {
        return Ok(None);
    }
    let tag = answer.lines().find_map(|line| line.strip_prefix("etag: "));
    tag.map(|tag| Some(tag.to_owned()))
        .ok_or_else(|| io::Error::other(answer.lines().next().unwrap_or("nothing").to_owned()))
}
