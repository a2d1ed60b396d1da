//! The limit on the number of messages on the queue.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Maximum number of messages on the queue. More are refused until the worker has caught up.
pub const MAX_MESSAGES: u64 = 100_000;

/// Minimum time between two counts of a full queue.
const RECOUNT_INTERVAL: Duration = Duration::from_millis(200);

/// An upper bound of the number of messages, so that they are rarely counted.
pub struct Backlog {
    bound: Mutex<Bound>,
}

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
    /// A queue whose messages have not been counted yet.
    pub fn new() -> Self {
        Self { bound: Mutex::new(Bound { messages: MAX_MESSAGES, counted_at: None }) }
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

    fn bound(&self) -> MutexGuard<'_, Bound> {
        self.bound.lock().expect("no thread panics while it holds the lock")
    }
}
