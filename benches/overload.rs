//! Measures how the program behaves when sign-ups arrive faster than it can apply them: how far the roster lags behind,
//! how long answers take, how much memory it uses, and how many requests it refuses.
//!
//! Run it with `cargo bench --bench overload`. `OVERLOAD_SECONDS` sets the length of each step. `OVERLOAD_DATA` sets the
//! folder, which must be on the disk to measure.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
mod load;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use load::{Connection, Load, Server, setting};

/// The numbers of connections of the steps.
const CONNECTIONS: [u64; 5] = [64, 128, 256, 512, 1_000];
/// The connections come from this many addresses, because each client has a limit of its own.
const ADDRESSES: u64 = 50;
const SAMPLE_INTERVAL: Duration = Duration::from_millis(100);

fn main() {
    // `cargo test --all-targets` also starts benchmarks, but without this flag.
    if std::env::args().any(|argument| argument == "--bench") {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(measure());
    }
}

async fn measure() {
    let length = Duration::from_secs(setting("OVERLOAD_SECONDS", 10));
    let parent = std::env::var_os("OVERLOAD_DATA").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    println!("| connections | sign-ups per second | p50 | p99 | refused | largest lag | most waiting | memory |");
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|");
    for connections in CONNECTIONS {
        let folder = tempfile::tempdir_in(&parent).unwrap();
        let server = Server::program(folder.path());
        let load = Load { event: "bench".to_owned(), connections, addresses: ADDRESSES, length };
        let is_over = AtomicBool::new(false);
        let loaded = async {
            let measured = load.run(server.address).await;
            is_over.store(true, Ordering::Relaxed);
            measured
        };
        let (measured, backlog) = tokio::join!(loaded, watch(&server, &is_over));
        println!(
            "| {connections} | {:.0} | {:.1} ms | {:.1} ms | {} | {:.2} s | {:.0} | {:.0} MB |",
            measured.rate(),
            measured.percentile(50),
            measured.percentile(99),
            measured.refused,
            backlog.lag,
            backlog.messages,
            server.memory().1,
        );
    }
}

/// The largest values that were seen.
#[derive(Default)]
struct Backlog {
    /// The age of the oldest message, in seconds.
    lag: f64,
    messages: f64,
}

/// Reads the metrics of the queue until the load is over.
async fn watch(server: &Server, is_over: &AtomicBool) -> Backlog {
    let mut connection = Connection::open(server.address).await;
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
    let mut largest = Backlog::default();
    while !is_over.load(Ordering::Relaxed) {
        let (status, body) = connection.request(request.as_bytes()).await;
        assert!(matches!(status, 200 | 429 | 503), "{status}");
        let metrics = String::from_utf8_lossy(body);
        let value = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.parse().ok()).unwrap_or(0.0)
        };
        largest.lag = f64::max(largest.lag, value("countmein_queue_oldest_seconds"));
        largest.messages = f64::max(largest.messages, value("countmein_queue_messages"));
        tokio::time::sleep(SAMPLE_INTERVAL).await;
    }
    largest
}
