//! Metrics for the operator.

use std::time::Duration;

use strum::IntoStaticStr;

use crate::domain::channel::Channel;
use crate::domain::limit::Limit;
use crate::domain::outbox_message::MessageKind;
use crate::domain::timestamp::Timestamp;
use crate::ports::Depth;

/// Records metrics for the operator. No label contains text that a person typed.
pub trait Meter: Send + Sync {
    /// Records sign-ups that were put on the queue.
    fn accepted(&self, channel: Channel, signups: u32);

    /// Records the outcomes of a batch from the queue.
    fn ingested(&self, counts: &IngestCounts);

    /// Records the outcomes of attempts to send messages of the outbox.
    fn attempted(&self, outcomes: &[(MessageKind, MessageOutcome)]);

    /// Records events that were [parked](crate::ports::Digests::park).
    fn parked(&self, events: u64);

    /// Records that a limit suppressed a message.
    fn suppressed(&self, limit: Limit);

    /// Records that a checkpoint of SQLite's write-ahead log failed.
    fn checkpoint_failed(&self);

    /// Records a response to an HTTP request. `route` is the pattern that matched, not the path, so that
    /// labels stay few and contain no personal data.
    fn answered(&self, method: &str, route: &str, status: u16, took: Duration);
}

/// Exposes the metrics to a Prometheus server.
pub trait Exposition: Send + Sync {
    /// Returns all metrics, and the depths of the queue and the outbox, in the OpenMetrics text format.
    fn encode(&self, queue: Depth, outbox: Depth, now: Timestamp) -> String;
}

/// The outcome of an attempt to send a message of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum MessageOutcome {
    /// The digest or the news about a seat was sent.
    Delivered,
    /// The message is not needed any more. An opt-in request or a link may also have been sent.
    Finished,
    /// The message was not sent, and is tried again.
    Deferred,
    /// The recipient's server refuses the message.
    Rejected,
    /// The message could not be sent for a day, and is dropped.
    Expired,
}

/// The number of deliveries in one batch, by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IngestCounts {
    pub stored: u64,
    pub duplicate: u64,
    pub stale: u64,
    pub ignored: u64,
    pub rejected: u64,
    pub retried: u64,
}
