//! Counts for the operator.

use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::limit::Limit;
use crate::domain::timestamp::Timestamp;
use crate::ports::Depth;

/// Counts for the operator. No label contains text that a person typed.
pub trait Meter: Send + Sync {
    /// Sign-ups were put on the queue.
    fn accepted(&self, channel: Channel, signups: u32);

    /// A batch from the queue was processed.
    fn ingested(&self, counts: &IngestCounts);

    /// Notifications about an event were attempted.
    fn notified(&self, counts: &NotificationCounts);

    /// A limit suppressed a message.
    fn suppressed(&self, limit: Limit);

    /// An HTTP request was answered. `route` is the matched pattern, never the path.
    fn answered(&self, method: &str, route: &str, status: u16, took: Duration);
}

/// Counts for a Prometheus server to scrape.
pub trait Exposition: Send + Sync {
    /// All counts and the queue's depth, in the OpenMetrics text format.
    fn encode(&self, depth: Depth, now: Timestamp) -> String;
}

/// Deliveries of one batch by their outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IngestCounts {
    pub stored: u64,
    pub duplicate: u64,
    pub stale: u64,
    pub ignored: u64,
    pub rejected: u64,
    pub retried: u64,
}

/// Notifications by their result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NotificationCounts {
    pub delivered: u64,
    /// The notification can never be delivered.
    pub rejected: u64,
    /// The notification failed and will be retried.
    pub deferred: u64,
    /// The notification failed for a day and will not be retried.
    pub expired: u64,
}

impl NotificationCounts {
    pub fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.rejected += other.rejected;
        self.deferred += other.deferred;
        self.expired += other.expired;
    }
}
