//! Limits on the backlog: the number of messages on the queue, and how long they wait.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use crate::domain::timestamp::Timestamp;
use crate::ports::{Deferrals, Delivery};

/// Maximum number of messages on the queue. More are refused until the worker has caught up.
pub const MAX_MESSAGES: u64 = 100_000;

/// New messages are slowed down while the worker receives messages that have waited longer than this.
const MAX_LAG: Duration = Duration::from_millis(500);

/// How long a new message waits for the worker to catch up. It is then accepted anyway.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// Minimum time between two counts of a full queue.
const RECOUNT_INTERVAL: Duration = Duration::from_millis(200);

pub struct Backlog {
    bound: Mutex<Bound>,
    /// How long the messages of the last batch had waited.
    lag: watch::Sender<Duration>,
}

/// An upper bound of the number of messages, so that they are rarely counted.
struct Bound {
    /// The messages at the last count, plus all messages since.
    messages: u64,
    counted_at: Option<Instant>,
}

/// Whether the queue has room for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Enough,
    Full,
    /// Unknown until the messages are counted.
    Unknown,
}

impl Backlog {
    /// The backlog of a queue with this number of messages.
    pub fn new(messages: u64) -> Self {
        Self { bound: Mutex::new(Bound { messages, counted_at: None }), lag: watch::Sender::new(Duration::ZERO) }
    }

    /// Returns whether there is room for `count` further messages, and counts them if there is.
    pub fn take(&self, count: u64) -> Room {
        let mut bound = self.bound();
        if bound.messages + count <= MAX_MESSAGES {
            bound.messages += count;
            return Room::Enough;
        }
        let is_recent = bound.counted_at.is_some_and(|at| at.elapsed() < RECOUNT_INTERVAL);
        if is_recent { Room::Full } else { Room::Unknown }
    }

    /// Sets the number of messages after they were counted.
    pub fn set(&self, messages: u64) {
        *self.bound() = Bound { messages, counted_at: Some(Instant::now()) };
    }

    /// Records how long the messages of a batch have waited, except those that were delivered before.
    pub fn record_lag(&self, batch: &[Delivery], now: Timestamp) {
        let is_new = |delivery: &&Delivery| delivery.receive_count == 1 && delivery.deferrals == Deferrals::default();
        let oldest = batch.iter().filter(is_new).map(|delivery| delivery.arrived_at).min();
        self.lag.send_replace(oldest.map_or(Duration::ZERO, |oldest| now.since(oldest)));
    }

    /// Waits until the worker has caught up, at most [`MAX_DELAY`].
    pub async fn wait_for_worker(&self) {
        let mut lag = self.lag.subscribe();
        let has_caught_up = lag.wait_for(|lag| *lag <= MAX_LAG);
        drop(timeout(MAX_DELAY, has_caught_up).await);
    }

    fn bound(&self) -> MutexGuard<'_, Bound> {
        self.bound.lock().expect("no thread panics while it holds the lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(arrived_at: Timestamp, receive_count: u32) -> Delivery {
        Delivery {
            message_id: String::new(),
            receipt: String::new(),
            body: String::new(),
            arrived_at,
            receive_count,
            deferrals: Deferrals::default(),
        }
    }

    #[test]
    fn room_is_taken_until_the_queue_is_full() {
        let backlog = Backlog::new(MAX_MESSAGES - 5);
        assert_eq!(backlog.take(6), Room::Unknown, "all of them must fit");
        assert_eq!(backlog.take(3), Room::Enough);
        assert_eq!(backlog.take(2), Room::Enough);
        assert_eq!(backlog.take(1), Room::Unknown, "the queue was not counted yet");
        backlog.set(MAX_MESSAGES - 1);
        assert_eq!(backlog.take(1), Room::Enough);
    }

    #[tokio::test]
    async fn new_messages_wait_while_worker_is_behind() {
        let backlog = Backlog::new(0);
        let now = Timestamp::now();
        let is_delayed = async || timeout(Duration::from_millis(1), backlog.wait_for_worker()).await.is_err();
        assert!(!is_delayed().await);
        let late = now.plus(MAX_LAG * 2);
        backlog.record_lag(&[delivery(late, 1), delivery(now, 1)], late);
        assert!(is_delayed().await);
        backlog.record_lag(&[delivery(now, 2), delivery(late, 1)], late);
        assert!(!is_delayed().await, "a message that was delivered before is not late");
        backlog.record_lag(&[delivery(now, 1)], late);
        backlog.record_lag(&[], late);
        assert!(!is_delayed().await, "the queue is empty");
    }
}
