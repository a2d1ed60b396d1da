//! The metrics of the self-hosted program, in the OpenMetrics text format, which Prometheus reads.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::domain::channel::Channel;
use crate::domain::limit::Limit;
use crate::domain::outbox_message::MessageKind;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Depth, Exposition, IngestCounts, MessageOutcome, Meter};

/// The metrics of one process since its start. No label contains text that a person typed.
pub struct PrometheusMetrics {
    registry: Registry,
    accepted: Family<ByChannel, Counter>,
    stored: Counter,
    duplicates: Counter,
    stale: Counter,
    ignored: Counter,
    rejected: Counter,
    retries: Counter,
    messages: Family<ByKindAndOutcome, Counter>,
    parked: Counter,
    suppressed: Family<ByLimit, Counter>,
    checkpoint_failures: Counter,
    requests: Family<ByRoute, Histogram, fn() -> Histogram>,
    queue_messages: Gauge,
    queue_oldest: Gauge<f64, AtomicU64>,
    outbox_messages: Gauge,
    outbox_oldest: Gauge<f64, AtomicU64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByChannel {
    channel: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKindAndOutcome {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByLimit {
    limit: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByRoute {
    method: String,
    route: String,
    status: u16,
}

impl PrometheusMetrics {
    #[expect(
        clippy::new_without_default,
        reason = "each process creates its metrics exactly once, in an explicit call"
    )]
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
            messages: Family::default(),
            parked: Counter::default(),
            suppressed: Family::default(),
            checkpoint_failures: Counter::default(),
            requests: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_5, 4.0, 8))),
            queue_messages: Gauge::default(),
            queue_oldest: Gauge::default(),
            outbox_messages: Gauge::default(),
            outbox_oldest: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("signups_accepted", "Sign-ups put on the queue, by channel", metrics.accepted.clone());
        registry.register("signups_stored", "Sign-ups that changed an attendee", metrics.stored.clone());
        registry.register(
            "signups_duplicate",
            "Sign-ups skipped because they were already applied",
            metrics.duplicates.clone(),
        );
        registry.register(
            "signups_stale",
            "Sign-ups skipped because a newer request was already applied",
            metrics.stale.clone(),
        );
        registry.register(
            "presses_ignored",
            "Button messages that need no action, such as status reports",
            metrics.ignored.clone(),
        );
        registry.register(
            "signups_rejected",
            "Messages that can never be applied and were stored as rejected",
            metrics.rejected.clone(),
        );
        registry.register("signups_retried", "Deliveries returned to the queue for a retry", metrics.retries.clone());
        registry.register(
            "messages",
            "Attempts to send a message of the outbox, by kind of message and outcome",
            metrics.messages.clone(),
        );
        registry.register(
            "events_parked",
            "Events that were parked because a stored record is damaged",
            metrics.parked.clone(),
        );
        registry.register("messages_suppressed", "Messages that a limit suppressed", metrics.suppressed.clone());
        registry.register(
            "checkpoint_failures",
            "Failed checkpoints of the database's write-ahead log",
            metrics.checkpoint_failures.clone(),
        );
        registry.register("queue_messages", "Messages on the queue", metrics.queue_messages.clone());
        registry.register_with_unit(
            "queue_oldest",
            "Age of the oldest message on the queue",
            Unit::Seconds,
            metrics.queue_oldest.clone(),
        );
        registry.register("outbox_messages", "Messages in the outbox", metrics.outbox_messages.clone());
        registry.register_with_unit(
            "outbox_oldest",
            "Age of the oldest message in the outbox",
            Unit::Seconds,
            metrics.outbox_oldest.clone(),
        );
        registry.register_with_unit(
            "http_requests",
            "Duration of HTTP requests by method, route and status",
            Unit::Seconds,
            metrics.requests.clone(),
        );
        Self { registry, ..metrics }
    }
}

impl Meter for PrometheusMetrics {
    fn accepted(&self, channel: Channel, signups: u32) {
        self.accepted.get_or_create(&ByChannel { channel: channel.as_str() }).inc_by(signups.into());
    }

    fn ingested(&self, counts: &IngestCounts) {
        let IngestCounts { stored, duplicate, stale, ignored, rejected, retried } = *counts;
        self.stored.inc_by(stored);
        self.duplicates.inc_by(duplicate);
        self.stale.inc_by(stale);
        self.ignored.inc_by(ignored);
        self.rejected.inc_by(rejected);
        self.retries.inc_by(retried);
    }

    fn attempted(&self, outcomes: &[(MessageKind, MessageOutcome)]) {
        for (kind, outcome) in outcomes {
            let labels = ByKindAndOutcome { kind: kind.as_str(), outcome: (*outcome).into() };
            self.messages.get_or_create(&labels).inc();
        }
    }

    fn parked(&self, events: u64) {
        self.parked.inc_by(events);
    }

    fn suppressed(&self, limit: Limit) {
        self.suppressed.get_or_create(&ByLimit { limit: limit.as_str() }).inc();
    }

    fn checkpoint_failed(&self) {
        self.checkpoint_failures.inc();
    }

    fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = ByRoute { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

impl Exposition for PrometheusMetrics {
    fn encode(&self, queue: Depth, outbox: Depth, now: Timestamp) -> String {
        let gauges =
            [(queue, &self.queue_messages, &self.queue_oldest), (outbox, &self.outbox_messages, &self.outbox_oldest)];
        for (depth, messages, oldest) in gauges {
            messages.set(i64::try_from(depth.messages).unwrap_or(i64::MAX));
            oldest.set(depth.oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64()));
        }
        let mut encoded = String::new();
        text::encode(&mut encoded, &self.registry).expect("writing to a string never fails");
        encoded
    }
}
