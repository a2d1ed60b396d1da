//! Load on a server: sign-ups over many connections.

mod connection;
mod server;

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

pub use connection::Connection;
pub use server::Server;

/// Reads the setting `name` from the environment.
pub fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    let Ok(text) = std::env::var(name) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}"))
}

/// Sign-ups for one event over several connections, each with another name.
#[derive(Clone)]
pub struct Load {
    pub event: String,
    pub connections: u64,
    /// The number of addresses from which the connections come, at most 250.
    pub addresses: u64,
    pub length: Duration,
}

impl Load {
    pub async fn run(&self, address: SocketAddr) -> Measured {
        let began = Instant::now();
        let clients: Vec<_> = (0..self.connections)
            .map(|client| {
                let load = self.clone();
                tokio::spawn(async move { load.client(address, client, began + load.length).await })
            })
            .collect();
        let (mut latencies, mut refused) = (Vec::new(), 0);
        for client in clients {
            let (acknowledged, not_now) = client.await.unwrap();
            latencies.extend(acknowledged);
            refused += not_now;
        }
        let took = began.elapsed();
        latencies.sort_unstable();
        Measured { latencies, refused, took, processor_time: Duration::ZERO }
    }

    async fn client(&self, address: SocketAddr, client: u64, deadline: Instant) -> (Vec<Duration>, u64) {
        let local = Ipv4Addr::new(127, 0, 0, u8::try_from(client % self.addresses + 1).expect("at most 250 addresses"));
        let mut connection = Connection::open_from(local.into(), address).await;
        let (mut latencies, mut refused) = (Vec::new(), 0);
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
            match status {
                202 => latencies.push(sent_at.elapsed()),
                429 | 503 => refused += 1,
                other => panic!("{other}: {}", String::from_utf8_lossy(answer)),
            }
        }
        (latencies, refused)
    }

    /// Every body has the same length, so that the length of the floor's file can be checked.
    pub fn body(&self, client: u64, number: u64) -> String {
        format!(r#"{{"name":"Person {client:03} {number:08}"}}"#)
    }
}

pub struct Measured {
    /// The latency of every acknowledged request, in ascending order.
    latencies: Vec<Duration>,
    /// Requests that the server refused with 429 or 503.
    pub refused: u64,
    took: Duration,
    /// The processor time of the server, including its work after the last answer.
    pub processor_time: Duration,
}

impl Measured {
    pub fn count(&self) -> u64 {
        self.latencies.len() as u64
    }

    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    pub fn percentile(&self, percent: usize) -> f64 {
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
