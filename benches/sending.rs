//! Measures how long an announcement to 10,000 recipients takes with a roster on disk, relative to the floor. The floor
//! makes the same calls to the provider with the same concurrency, and nothing else. Both run in turns, because only
//! their ratio is comparable between machines.
//!
//! Run it with `cargo bench --bench sending`. `SENDING_ROUNDS` sets the number of rounds. `SENDING_DATA` sets the
//! folder, which must be on the disk to measure.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countmein::adapters::sqlite::Sqlite;
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::channel::Channel;
use countmein::domain::contact::Contact;
use countmein::domain::event::{Event, EventId};
use countmein::domain::notification::Notification;
use countmein::domain::signup::{Request, Signup, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{DigestSender, EventPorts, add_to_digests};
use countmein::ports::{
    AttendeeSignups, ChangeFeed as _, Digests as _, Notified, Notifier, Position, Roster as _, SendError,
};
use futures_util::{StreamExt as _, stream};

const EVENT: &str = "Dance";
const RECIPIENTS: usize = 10_000;

/// Concurrent calls to the provider, as in the server and in the function.
const CONCURRENCY: usize = 32;

/// The benchmark fails if sending takes more than this many times as long as the floor.
const MAX_RATIO: f64 = 2.0;

/// Changes that are added to the digest in one batch, as in the server.
const BATCH: usize = 200;

/// The time for one event until the next attempt. The server uses a similar one.
const TURN: Duration = Duration::from_secs(1);

/// The clock advances by a day between two batches of changes, so that no backoff delays an announcement.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The latency of a provider that is not measured.
const NO_LATENCY: [Duration; 1] = [Duration::ZERO];

/// The seed of the random latencies.
const SEED: u64 = 20_261_125;

fn main() {
    // `cargo test --all-targets` also starts benchmarks, but without this flag.
    if std::env::args().any(|argument| argument == "--bench") {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(compare());
    }
}

async fn compare() {
    let rounds =
        std::env::var("SENDING_ROUNDS").map_or(3, |rounds| rounds.parse().expect("SENDING_ROUNDS is a number"));
    let parent = std::env::var_os("SENDING_DATA").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    let folder = tempfile::tempdir_in(&parent).unwrap();
    let mut stage = Stage::open(folder.path()).await;

    println!("{RECIPIENTS} recipients, {CONCURRENCY} concurrent calls, medians of {rounds} rounds");
    println!();
    println!("| a call takes | changes | floor | sending | sending / floor |");
    println!("|---|---:|---:|---:|---:|");
    let mut too_slow = Vec::new();
    for (label, latencies) in [("5 ms", Provider::steady()), ("1 to 20 ms", Provider::varying())] {
        for changes in [1, 200] {
            let mut measured = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..rounds {
                let provider = Provider::new(&latencies);
                let sending = stage.measure(changes, &provider).await;
                let floor = Provider::new(&latencies).floor(provider.calls.into_inner()).await;
                measured.0.push(floor.as_secs_f64());
                measured.1.push(sending.as_secs_f64());
                measured.2.push(sending.as_secs_f64() / floor.as_secs_f64());
            }
            let (floor, sending, ratio) = (median(measured.0), median(measured.1), median(measured.2));
            println!("| {label} | {changes} | {floor:.2} s | {sending:.2} s | {ratio:.2} |");
            if ratio > MAX_RATIO {
                too_slow.push(format!("{changes} changes with calls of {label}"));
            }
        }
    }
    println!();
    assert!(too_slow.is_empty(), "more than {MAX_RATIO} times the provider's own time: {}", too_slow.join(", "));
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// A provider that waits for its latency and does nothing else.
struct Provider<'a> {
    /// The latencies of the calls in order. After the last one they start again.
    latencies: &'a [Duration],
    calls: AtomicUsize,
}

impl<'a> Provider<'a> {
    fn steady() -> Vec<Duration> {
        vec![Duration::from_millis(5)]
    }

    fn varying() -> Vec<Duration> {
        let mut random = fastrand::Rng::with_seed(SEED);
        (0..RECIPIENTS).map(|_| Duration::from_micros(random.u64(1_000..=20_000))).collect()
    }

    fn new(latencies: &'a [Duration]) -> Self {
        Self { latencies, calls: AtomicUsize::new(0) }
    }

    async fn call(&self) {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.latencies[call % self.latencies.len()]).await;
    }

    async fn floor(&self, calls: usize) -> Duration {
        let began = Instant::now();
        stream::iter((0..calls).map(|_| self.call())).buffer_unordered(CONCURRENCY).collect::<()>().await;
        began.elapsed()
    }
}

#[async_trait]
impl Notifier for Provider<'_> {
    async fn notify(&self, _: &Notification) -> Result<Notified, SendError> {
        self.call().await;
        Ok(Notified::Sent)
    }
}

/// An event on disk, with its own clock.
struct Stage {
    sqlite: Sqlite,
    event: EventId,
    read_to: Position,
    /// How far this clock is ahead of the real one.
    clock_offset: Duration,
}

impl Stage {
    /// Signs up all recipients and sends their announcements.
    async fn open(folder: &Path) -> Self {
        let sqlite = Sqlite::open(folder).unwrap();
        let event = EventId::parse(EVENT).unwrap();
        let mut stage = Self { sqlite, event, read_to: Position::Start, clock_offset: Duration::ZERO };
        let guests = (0..RECIPIENTS).map(|number| format!("Guest {number:05}"));
        let contact = Contact::email("guest@example.org").unwrap();
        stage.change(guests, &Request::trusted_sign_up(Some(contact))).await;
        stage.announce(&Provider::new(&NO_LATENCY)).await;
        stage
    }

    /// Measures the announcement of so many new attendees, then cancels their sign-ups.
    async fn measure(&mut self, changes: usize, provider: &Provider<'_>) -> Duration {
        let visitors = (0..changes).map(|number| format!("Visitor {number:03}"));
        self.change(visitors.clone(), &Request::trusted_sign_up(None)).await;
        let took = self.announce(provider).await;
        self.change(visitors, &Request::Cancel).await;
        self.announce(&Provider::new(&NO_LATENCY)).await;
        took
    }

    /// Applies a request of each name on the next day.
    async fn change(&mut self, names: impl Iterator<Item = String>, request: &Request) {
        self.clock_offset += DAY;
        let batches = names.map(|name| {
            let (version, event, name) = (Version::now(), Event::parse(EVENT).unwrap(), AttendeeName::parse(&name));
            let (name, channel, request) = (name.unwrap(), Channel::Queue, request.clone());
            let signup = Signup { version, event, name, channel, request };
            AttendeeSignups { key: signup.key(), signups: vec![signup] }
        });
        let applied = self
            .sqlite
            .apply(batches.collect(), self.now(), tokio::time::Instant::now() + Duration::from_secs(60))
            .await;
        assert!(applied.iter().all(Result::is_ok));
        loop {
            let page = self.sqlite.changes(&self.read_to, BATCH).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            self.read_to = last.clone();
            let changes: Vec<_> = page.into_iter().map(|(_, change)| change.expect("it is readable")).collect();
            add_to_digests(&changes, EventPorts::of(&self.sqlite), &BackoffPolicy::default(), self.now())
                .await
                .unwrap();
        }
    }

    /// Sends the due digests as the server does.
    async fn announce(&self, notifier: &Provider<'_>) -> Duration {
        let (digests, roster, events, clock) = (&self.sqlite, &self.sqlite, &self.sqlite, || self.now());
        let digest_sender = DigestSender {
            digests,
            roster,
            events,
            notifier,
            backoff: BackoffPolicy::default(),
            concurrency: CONCURRENCY,
            clock: &clock,
            is_stopping: &|| false,
        };
        let began = Instant::now();
        while !self.sqlite.due(self.now(), 1).await.unwrap().is_empty() {
            digest_sender.send_digest(&self.event, self.now().plus(TURN)).await.unwrap();
        }
        let took = began.elapsed();
        assert!(notifier.calls.load(Ordering::Relaxed) >= RECIPIENTS, "every recipient is notified");
        took
    }

    fn now(&self) -> Timestamp {
        Timestamp::now().plus(self.clock_offset)
    }
}
