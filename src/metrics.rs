//! What an operator counts: on one machine in the Prometheus text format.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::channel::Channel;
use crate::fanout::Tally;
use crate::ingest::{Outcome, Settlement};
use crate::ports::Depth;
use crate::postman::Guard;
use crate::timestamp::Timestamp;

/// Who counts. Nothing that is counted holds anything that a person typed.
pub trait Meter: Send + Sync {
    /// So many sign-ups were put on the queue.
    fn accepted(&self, channel: Channel, signups: u32);

    /// A batch was brought to its outcomes.
    fn ingested(&self, settlements: &[Settlement]);

    /// News of an event went out.
    fn announced(&self, tally: &Tally);

    /// A guard held a message back.
    fn held_back(&self, guard: Guard);

    /// One request was answered; `route` is the pattern that matched, never the path.
    fn answered(&self, method: &str, route: &str, status: u16, took: Duration);

    /// What a Prometheus server scrapes; none where the counts go elsewhere by themselves.
    fn scraped(&self) -> Option<&Metrics>;
}

/// The counts of one process, from its start. No label holds anything that a person typed.
pub struct Metrics {
    registry: Registry,
    accepted: Family<ByChannel, Counter>,
    stored: Counter,
    duplicates: Counter,
    stale: Counter,
    ignored: Counter,
    rejected: Counter,
    retries: Counter,
    notifications: Family<ByOutcome, Counter>,
    held_back: Family<ByGuard, Counter>,
    requests: Family<ByRoute, Histogram, fn() -> Histogram>,
    queue_messages: Gauge,
    queue_oldest: Gauge<f64, AtomicU64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByChannel {
    channel: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByGuard {
    guard: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByRoute {
    method: String,
    route: String,
    status: u16,
}

impl Metrics {
    #[expect(clippy::new_without_default, reason = "a process makes one, on purpose")]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("countmein");
        let metrics = Self {
            accepted: Family::default(),
            stored: Counter::default(),
            duplicates: Counter::default(),
            stale: Counter::default(),
            ignored: Counter::default(),
            rejected: Counter::default(),
            retries: Counter::default(),
            notifications: Family::default(),
            held_back: Family::default(),
            requests: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_5, 4.0, 8))),
            queue_messages: Gauge::default(),
            queue_oldest: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("signups_accepted", "Sign-ups put on the queue, by channel", metrics.accepted.clone());
        registry.register("signups_stored", "Sign-ups that changed the table", metrics.stored.clone());
        registry.register("signups_duplicate", "Sign-ups that had been applied before", metrics.duplicates.clone());
        registry.register("signups_stale", "Sign-ups older than what was applied", metrics.stale.clone());
        registry.register("presses_ignored", "What buttons said that asks for nothing", metrics.ignored.clone());
        registry.register("signups_rejected", "Messages put among the rejects", metrics.rejected.clone());
        registry.register("signups_retried", "Deliveries given back for another try", metrics.retries.clone());
        registry.register("notifications", "Recipients by what became of telling them", metrics.notifications.clone());
        registry.register("messages_held_back", "Messages that a guard held back", metrics.held_back.clone());
        registry.register("queue_messages", "Messages on the queue", metrics.queue_messages.clone());
        registry.register_with_unit(
            "queue_oldest",
            "Age of the oldest message on the queue",
            Unit::Seconds,
            metrics.queue_oldest.clone(),
        );
        registry.register_with_unit(
            "http_requests",
            "HTTP requests by route and status",
            Unit::Seconds,
            metrics.requests.clone(),
        );
        Self { registry, ..metrics }
    }

    /// The text that a Prometheus server scrapes, with the queue as it is now.
    pub fn encode(&self, depth: Depth, now: Timestamp) -> String {
        self.queue_messages.set(i64::try_from(depth.messages).unwrap_or(i64::MAX));
        self.queue_oldest.set(depth.oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64()));
        let mut encoded = String::new();
        text::encode(&mut encoded, &self.registry).expect("a string takes all that is written to it");
        encoded
    }
}

impl Meter for Metrics {
    fn accepted(&self, channel: Channel, signups: u32) {
        self.accepted.get_or_create(&ByChannel { channel: channel.as_str() }).inc_by(signups.into());
    }

    fn ingested(&self, settlements: &[Settlement]) {
        for settlement in settlements {
            match settlement.outcome {
                Outcome::Stored => &self.stored,
                Outcome::Duplicate => &self.duplicates,
                Outcome::Stale => &self.stale,
                Outcome::Ignored => &self.ignored,
                Outcome::Rejected(_) => &self.rejected,
                Outcome::Retry(_) => &self.retries,
            }
            .inc();
        }
    }

    fn announced(&self, tally: &Tally) {
        let Tally { told, refused, missed, given_up } = *tally;
        for (outcome, count) in [("told", told), ("refused", refused), ("missed", missed), ("given_up", given_up)] {
            self.notifications.get_or_create(&ByOutcome { outcome }).inc_by(count);
        }
    }

    fn held_back(&self, guard: Guard) {
        self.held_back.get_or_create(&ByGuard { guard: guard.as_str() }).inc();
    }

    fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = ByRoute { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    fn scraped(&self) -> Option<&Metrics> {
        Some(self)
    }
}
