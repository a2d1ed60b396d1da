//! How long news take to 10,000 recipients from a roster on the disk, beside the floor: the same calls of the provider,
//! as many at once, and nothing else. Both are measured in turns, since only their ratio means something on another
//! machine.
//!
//! `cargo bench --bench sending`; `SENDING_ROUNDS` sets how often, and `SENDING_DATA` the folder, which must be on the
//! disk that is meant.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countmein::adapters::sqlite::Sqlite;
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::backoff::Noise;
use countmein::domain::channel::Channel;
use countmein::domain::event::{Event, EventId};
use countmein::domain::notification::Notification;
use countmein::domain::signup::{Request, Signup, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{Announcer, take_in};
use countmein::ports::{
    AttendeeBatch, ChangeFeed as _, Digests as _, Notified, Notifier, Position, Roster as _, SendError,
};
use futures_util::{StreamExt as _, stream};

const EVENT: &str = "Dance";
const RECIPIENTS: usize = 10_000;

/// As both homes have it.
const AT_ONCE: usize = 32;

/// How many times longer than the provider's own time it may take.
const GOAL: f64 = 2.0;

/// Changes taken in at once, and for how long one announcer is at one event, as the server has it.
const BATCH: usize = 200;
const TURN: Duration = Duration::from_secs(1);

/// So that no round finds the event quiet.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Of a provider that is not measured.
const ANSWERED_AT_ONCE: [Duration; 1] = [Duration::ZERO];

/// Of the times that the provider takes.
const SEED: u64 = 20_261_125;

fn main() {
    // `cargo test --all-targets` starts benches too, without this flag.
    if std::env::args().any(|argument| argument == "--bench") {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(compare());
    }
}

async fn compare() {
    let rounds = std::env::var("SENDING_ROUNDS").map_or(3, |rounds| rounds.parse().expect("a number of rounds"));
    let parent = std::env::var_os("SENDING_DATA").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    let folder = tempfile::tempdir_in(&parent).unwrap();
    let mut stage = Stage::open(folder.path()).await;

    println!("{RECIPIENTS} recipients, {AT_ONCE} calls at once, medians of {rounds} rounds");
    println!();
    println!("| a call takes | changes told | floor | sending | sending / floor |");
    println!("|---|---:|---:|---:|---:|");
    let mut beyond = Vec::new();
    for (takes, pauses) in [("5 ms", Provider::steady()), ("1 to 20 ms", Provider::varying())] {
        for changes in [1, 200] {
            let mut measured = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..rounds {
                let provider = Provider::new(&pauses);
                let sending = stage.tell(changes, &provider).await;
                let floor = Provider::new(&pauses).floor(provider.calls.into_inner()).await;
                measured.0.push(floor.as_secs_f64());
                measured.1.push(sending.as_secs_f64());
                measured.2.push(sending.as_secs_f64() / floor.as_secs_f64());
            }
            let (floor, sending, ratio) = (median(measured.0), median(measured.1), median(measured.2));
            println!("| {takes} | {changes} | {floor:.2} s | {sending:.2} s | {ratio:.2} |");
            if ratio > GOAL {
                beyond.push(format!("{changes} changes by calls of {takes}"));
            }
        }
    }
    println!();
    assert!(beyond.is_empty(), "more than {GOAL} times the provider's own time: {}", beyond.join(", "));
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Takes its time, and does nothing else.
struct Provider<'a> {
    /// How long the calls take, in their order, and again from the first.
    pauses: &'a [Duration],
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

    fn new(pauses: &'a [Duration]) -> Self {
        Self { pauses, calls: AtomicUsize::new(0) }
    }

    async fn call(&self) {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.pauses[call % self.pauses.len()]).await;
    }

    async fn floor(&self, calls: usize) -> Duration {
        let began = Instant::now();
        stream::iter((0..calls).map(|_| self.call())).buffer_unordered(AT_ONCE).collect::<()>().await;
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

/// An event on the disk, and the time there.
struct Stage {
    sqlite: Sqlite,
    event: EventId,
    read_to: Position,
    /// By how much the clock is ahead.
    ahead: Duration,
}

impl Stage {
    /// With everybody in, and told of everybody.
    async fn open(folder: &Path) -> Self {
        let sqlite = Sqlite::open(folder).unwrap();
        let event = EventId::parse(EVENT).unwrap();
        let mut stage = Self { sqlite, event, read_to: Position::START, ahead: Duration::ZERO };
        let guests = (0..RECIPIENTS).map(|number| format!("Guest {number:05}"));
        stage.change(guests, &Request::Enrol { contact: None }).await;
        stage.announce(&Provider::new(&ANSWERED_AT_ONCE)).await;
        stage
    }

    /// So many more come, which is told, and measured; then they go again.
    async fn tell(&mut self, changes: usize, provider: &Provider<'_>) -> Duration {
        let visitors = (0..changes).map(|number| format!("Visitor {number:03}"));
        self.change(visitors.clone(), &Request::Enrol { contact: None }).await;
        let took = self.announce(provider).await;
        self.change(visitors, &Request::Cancel).await;
        self.announce(&Provider::new(&ANSWERED_AT_ONCE)).await;
        took
    }

    /// On another day.
    async fn change(&mut self, names: impl Iterator<Item = String>, request: &Request) {
        self.ahead += DAY;
        let batches = names.map(|name| {
            let (version, event, name) = (Version::now(), Event::parse(EVENT).unwrap(), AttendeeName::parse(&name));
            let (name, channel, request) = (name.unwrap(), Channel::Queue, request.clone());
            let signup = Signup { version, event, name, channel, request };
            AttendeeBatch { key: signup.key(), signups: vec![signup] }
        });
        let applied = self.sqlite.apply(batches.collect(), self.now()).await;
        assert!(applied.iter().all(Result::is_ok));
        loop {
            let page = self.sqlite.changes(&self.read_to, BATCH).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            self.read_to = last.clone();
            let changes: Vec<_> = page.into_iter().map(|(_, change)| change).collect();
            take_in(&changes, &self.sqlite, &Noise::default(), self.now()).await.unwrap();
        }
    }

    /// Sends what is due, as the server does.
    async fn announce(&self, notifier: &Provider<'_>) -> Duration {
        let (digests, roster, clock) = (&self.sqlite, &self.sqlite, || self.now());
        let announcer = Announcer {
            digests,
            roster,
            notifier,
            noise: Noise::default(),
            at_once: AT_ONCE,
            clock: &clock,
            stopped: &|| false,
        };
        let began = Instant::now();
        while !self.sqlite.due(self.now(), 1).await.unwrap().is_empty() {
            announcer.announce(&self.event, self.now().plus(TURN)).await.unwrap();
        }
        let took = began.elapsed();
        assert!(notifier.calls.load(Ordering::Relaxed) >= RECIPIENTS, "everybody is told");
        took
    }

    fn now(&self) -> Timestamp {
        Timestamp::now().plus(self.ahead)
    }
}
