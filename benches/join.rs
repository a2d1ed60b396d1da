//! Measures what one sign-up costs on an event with many attendees of whom nobody wants notifications: applying it, adding it
//! to the digest, and announcing it. The cost must not grow with the roster.
//!
//! Run it with `cargo bench --bench join`. `JOIN_DATA` sets the folder, which must be on the disk to measure.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use countmein::adapters::sqlite::Sqlite;
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::channel::Channel;
use countmein::domain::event::{Event, EventId};
use countmein::domain::secret::Secret;
use countmein::domain::signup::{Request, Signup, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{Announcer, EventPorts, add_to_digests};
use countmein::ports::{AttendeeSignups, ChangeFeed as _, Position, Roster as _};

const EVENT: &str = "Dance";

/// The sizes of the rosters.
const ATTENDEES: [usize; 3] = [100, 10_000, 100_000];

/// The sign-ups that are measured on each.
const JOINS: usize = 300;

/// Attendees who sign up together while the roster is filled.
const BATCH: usize = 2_000;

/// Each sign-up comes a day after the one before, so that no backoff delays its announcement.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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
            stage.day += 1;
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

/// An event on disk, with its own clock.
struct Stage {
    sqlite: Sqlite,
    database: PathBuf,
    read_to: Position,
    day: u32,
}

impl Stage {
    async fn open(folder: &std::path::Path, attendees: usize) -> Self {
        let sqlite = Sqlite::open(folder).unwrap();
        let mut stage = Self { sqlite, database: folder.join("countmein.sqlite"), read_to: Position::Start, day: 0 };
        for first in (0..attendees).step_by(BATCH) {
            stage.join((first..attendees.min(first + BATCH)).map(|number| format!("Guest {number}"))).await;
        }
        stage.announce().await;
        stage
    }

    fn now(&self) -> Timestamp {
        Timestamp::now().plus(DAY * self.day)
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
        let batches = names.map(|name| {
            let (version, event) = (Version::now(), Event::parse(EVENT).unwrap());
            let (name, channel) = (AttendeeName::parse(&name).unwrap(), Channel::Queue);
            let request = Request::trusted_sign_up(None);
            let signup = Signup { version, event, name, channel, network: None, request };
            AttendeeSignups { key: signup.key(), signups: vec![signup] }
        });
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        let applied = self.sqlite.apply(batches.collect(), self.now(), deadline).await;
        assert!(applied.iter().all(Result::is_ok));
        let secret = Secret::new("a secret for the benchmark").unwrap();
        loop {
            let page = self.sqlite.changes(&self.read_to, 200).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            self.read_to = last.clone();
            let changes: Vec<_> = page.into_iter().map(|(_, change)| change.expect("it is readable")).collect();
            let ports = EventPorts::of(&self.sqlite, &secret);
            add_to_digests(&changes, ports, &BackoffPolicy::default(), self.now()).await.unwrap();
        }
    }

    async fn announce(&self) {
        let (sqlite, clock) = (&self.sqlite, || self.now());
        let announcer = Announcer {
            digests: sqlite,
            subscribers: sqlite,
            events: sqlite,
            outbox: sqlite,
            backoff: BackoffPolicy::default(),
            has_broadcaster: false,
            clock: &clock,
            is_stopping: &|| false,
        };
        let event = EventId::parse(EVENT).unwrap();
        assert_eq!(announcer.announce(&event, Timestamp::LATEST).await.unwrap(), 0, "nobody is told");
    }
}
