//! A limit on repetitions of a log line, so that an outage does not fill the log with one line per request.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Minimum time between two lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// Counts the repetitions of one log line.
pub struct LogLimit {
    state: Mutex<State>,
}

struct State {
    written_at: Option<Instant>,
    left_out: u64,
}

impl LogLimit {
    pub const fn new() -> Self {
        Self { state: Mutex::new(State { written_at: None, left_out: 0 }) }
    }

    /// Returns `None` if the line must be left out now, otherwise how many lines were left out since the last one.
    pub fn left_out(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().expect("no thread panics while it holds the lock");
        if state.written_at.is_some_and(|at| now.duration_since(at) < INTERVAL) {
            state.left_out += 1;
            return None;
        }
        state.written_at = Some(now);
        Some(std::mem::take(&mut state.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_per_interval_counts_the_others() {
        let (limit, start) = (LogLimit::new(), Instant::now());
        let left_out: Vec<_> =
            [0, 1, 9, 10, 11, 25].map(|second| limit.left_out(start + Duration::from_secs(second))).to_vec();
        assert_eq!(left_out, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
