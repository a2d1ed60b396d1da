//! Measures what one sign-up costs on an event with many attendees of whom nobody wants notifications: applying it, adding it
//! to the digest, and announcing it. The cost must not grow with the roster.
//!
//! Run it with `cargo bench --bench join`. `JOIN_DATA` sets the folder, which must be on the disk to measure.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
mod event;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use countmein::domain::signup::Request;

use event::EventOnDisk;

/// The sizes of the rosters.
const ATTENDEES: [usize; 3] = [100, 10_000, 100_000];

/// The sign-ups that are measured on each.
const JOINS: usize = 300;

/// Attendees who sign up together while the roster is filled.
const BATCH: usize = 2_000;

fn main() {
    // `cargo test --all-targets` also starts benchmarks, but without this flag.
    if std::env::args().any(|argument| argument == "--bench") {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(compare());
    }
}

async fn compare() {
    let parent = std::env::var_os("JOIN_DATA").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    println!("| attendees | CPU time of a sign-up | time | rows written |");
    println!("|---:|---:|---:|---:|");
    for attendees in ATTENDEES {
        let folder = tempfile::tempdir_in(&parent).unwrap();
        let mut stage = Stage::open(folder.path(), attendees).await;
        let (rows, cpu, began) = (stage.rows(), cpu_time(), Instant::now());
        for number in 0..JOINS {
            stage.join(std::iter::once(format!("Visitor {number}"))).await;
            stage.announce().await;
        }
        let joins = u32::try_from(JOINS).unwrap();
        let (cpu, time) = ((cpu_time() - cpu) / joins, began.elapsed() / joins);
        let rows = (stage.rows() - rows) as f64 / JOINS as f64;
        println!("| {attendees} | {:.2} ms | {:.2} ms | {rows:.2} |", millis(cpu), millis(time));
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The CPU time of this process (proc_pid_stat(5)).
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    // A tick is 10 ms on all common systems.
    Duration::from_millis(ticks * 10)
}

/// An event on which nobody wants notifications.
struct Stage {
    event: EventOnDisk,
    database: PathBuf,
}

impl Stage {
    async fn open(folder: &Path, attendees: usize) -> Self {
        let mut stage = Self { event: EventOnDisk::open(folder), database: folder.join("countmein.sqlite") };
        for first in (0..attendees).step_by(BATCH) {
            stage.join((first..attendees.min(first + BATCH)).map(|number| format!("Guest {number}"))).await;
        }
        stage.announce().await;
        stage
    }

    /// The rows of all tables.
    fn rows(&self) -> i64 {
        let db = rusqlite::Connection::open(&self.database).unwrap();
        let mut tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
        let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        let count = |table: &String| -> i64 {
            db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        tables.iter().map(count).sum()
    }

    async fn join(&mut self, names: impl Iterator<Item = String>) {
        self.event.change(names, |_| Request::trusted_sign_up(None)).await;
    }

    async fn announce(&self) {
        assert_eq!(self.event.announce().await, 0, "there are no messages");
    }
}
