//! Measures how long an announcement to 10,000 recipients takes with a roster on disk, relative to the floor. The floor
//! makes the same calls to the provider with the same concurrency, and nothing else. Both run in turns, because only
//! their ratio is comparable between machines.
//!
//! Run it with `cargo bench --bench sending`. `SENDING_ROUNDS` sets the number of rounds. `SENDING_DATA` sets the
//! folder, which must be on the disk to measure.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
mod event;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countmein::adapters::metrics::prometheus::PrometheusMetrics;
use countmein::domain::contact::Contact;
use countmein::domain::contact_id::ContactId;
use countmein::domain::language::Language;
use countmein::domain::opt_in::{OptIn, Scope};
use countmein::domain::signup::Request;
use countmein::notify::links::Links;
use countmein::notify::text::MessageTexts;
use countmein::notify::{
    CLAIM_DURATION, DigestSender, Limits, MessageSender, NotificationSender, OptInsInFlight, OutboxSender,
};
use countmein::ports::{Contacts as _, Lane, Mail, Mailer, SendError, Subscribers as _};
use futures_util::{StreamExt as _, stream};
use tokio::sync::Semaphore;

use event::{EventOnDisk, secret};

const RECIPIENTS: usize = 10_000;

/// Concurrent calls that the provider accepts.
const CONCURRENCY: usize = 32;

/// The benchmark fails if sending takes more than this many times as long as the floor.
const MAX_RATIO: f64 = 1.1;

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
    let (mut too_slow, memory) = (Vec::new(), peak_memory());
    for (label, latencies) in [("5 ms", Provider::steady()), ("1 to 20 ms", Provider::varying())] {
        for changes in [1, 200] {
            let mut measured = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..rounds {
                let provider = Provider::new(&latencies);
                let sending = stage.measure(changes, &provider).await;
                let floor = Provider::new(&latencies).floor(provider.calls.load(Ordering::Relaxed)).await;
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
    println!(
        "Peak memory: {memory} MB before the first announcement that is measured, {} MB at the end",
        peak_memory()
    );
    assert!(too_slow.is_empty(), "more than {MAX_RATIO} times the provider's own time: {}", too_slow.join(", "));
}

/// The most memory that this process had in RAM so far, in MB (proc_pid_status(5)).
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1_000
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// A mail provider that waits for its latency and does nothing else.
struct Provider {
    /// The latencies of the calls in order. After the last one they start again.
    latencies: Vec<Duration>,
    calls: AtomicUsize,
    slots: Semaphore,
}

impl Provider {
    fn steady() -> Vec<Duration> {
        vec![Duration::from_millis(5)]
    }

    fn varying() -> Vec<Duration> {
        let mut random = fastrand::Rng::with_seed(SEED);
        (0..RECIPIENTS).map(|_| Duration::from_micros(random.u64(1_000..=20_000))).collect()
    }

    fn new(latencies: &[Duration]) -> Arc<Self> {
        let latencies = latencies.to_vec();
        Arc::new(Self { latencies, calls: AtomicUsize::new(0), slots: Semaphore::new(CONCURRENCY) })
    }

    async fn call(&self) {
        let _slot = self.slots.acquire().await.unwrap();
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
impl Mailer for Provider {
    async fn send(&self, _: &Mail) -> Result<(), SendError> {
        self.call().await;
        Ok(())
    }
}

/// An event whose recipients have all agreed to notifications.
struct Stage(EventOnDisk);

impl Stage {
    /// Signs up all recipients and sends their announcements.
    async fn open(folder: &Path) -> Self {
        let mut stage = Self(EventOnDisk::open(folder));
        let guests = (0..RECIPIENTS).map(|number| format!("Guest {number:05}"));
        let joins = |name: &str| {
            let user = name.replace(' ', "-");
            Request::trusted_sign_up(Some(Contact::email(&format!("{user}@example.org")).unwrap()))
        };
        stage.0.change(guests, joins).await;
        stage.confirm().await;
        stage.announce(&Provider::new(&NO_LATENCY)).await;
        stage
    }

    /// The owners of all addresses agree to notifications.
    async fn confirm(&self) {
        let guests = self.0.sqlite.subscribers(&self.0.id, RECIPIENTS, None, self.0.now()).await.unwrap();
        let ids = guests.iter().filter_map(|guest| guest.registration()?.contact.as_ref());
        let ids = ids.map(|contact| ContactId::of(contact, &secret())).collect::<Vec<_>>();
        let confirmed = ids.iter().map(|id| self.0.sqlite.set_opt_in(id, None, OptIn::Confirmed(Scope::All)));
        let stored: Vec<_> = stream::iter(confirmed).buffer_unordered(256).collect().await;
        assert!(stored.len() == RECIPIENTS && stored.into_iter().all(|stored| stored.is_ok()));
    }

    fn sender(&self, provider: Arc<Provider>) -> NotificationSender {
        NotificationSender {
            texts: MessageTexts::new(Language::English, 10),
            links: Links { public_url: "https://signup.example.org".parse().unwrap(), token_secret: secret() },
            contact_secret: secret(),
            contacts: Arc::new(self.0.sqlite.clone()),
            budgets: Arc::new(self.0.sqlite.clone()),
            limits: Limits { opt_ins_per_hour: 300, sms: None },
            opt_ins_in_flight: OptInsInFlight::default(),
            metrics: Arc::new(PrometheusMetrics::new()),
            mailer: Some(provider),
            webhook_caller: None,
            sms_sender: None,
            broadcaster: None,
        }
    }

    /// Measures the announcement of so many new attendees, then cancels their sign-ups.
    async fn measure(&mut self, changes: usize, provider: &Arc<Provider>) -> Duration {
        let visitors = (0..changes).map(|number| format!("Visitor {number:03}"));
        self.0.change(visitors.clone(), |_| Request::trusted_sign_up(None)).await;
        let took = self.announce(provider).await;
        self.0.change(visitors, |_| Request::Cancel).await;
        self.announce(&Provider::new(&NO_LATENCY)).await;
        took
    }

    /// Announces what is due and empties the outbox, as the server does.
    async fn announce(&self, provider: &Arc<Provider>) -> Duration {
        let (sqlite, clock) = (&self.0.sqlite, || self.0.now());
        let sender = &self.sender(provider.clone());
        let digests = DigestSender::of(sqlite, sender, CLAIM_DURATION, &clock);
        let sender = OutboxSender {
            outbox: sqlite,
            lane: Lane::Digests,
            sender: &MessageSender { digests, seats: sqlite, sender },
            metrics: &PrometheusMetrics::new(),
            clock: &clock,
            is_stopping: &|| false,
        };
        let began = Instant::now();
        let messages = self.0.announce().await;
        assert!(messages >= RECIPIENTS);
        sender.send_due(&|| Box::pin(tokio::time::sleep(Duration::from_millis(10)))).await.unwrap();
        let took = began.elapsed();
        assert!(provider.calls.load(Ordering::Relaxed) >= RECIPIENTS, "every recipient is notified");
        took
    }
}
