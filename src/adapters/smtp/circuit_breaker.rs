//! A circuit breaker: after several timeouts in a row, the server gets no mail for a while.
//!
//! While the server does not respond, each waiting email occupies a connection and delays the others.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counts the timeouts of a server.
pub struct CircuitBreaker {
    /// Timeouts in a row that open the circuit. Fewer may be due to one recipient.
    threshold: usize,
    retry_delay: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    timeouts: usize,
    open_until: Option<Instant>,
}

impl CircuitBreaker {
    pub fn new(threshold: usize, retry_delay: Duration) -> Self {
        Self { threshold, retry_delay, state: Mutex::default() }
    }

    /// Whether no mail may be sent now.
    pub fn is_open(&self, now: Instant) -> bool {
        self.state().open_until.is_some_and(|until| now < until)
    }

    pub fn record_reply(&self) {
        *self.state() = State::default();
    }

    pub fn record_timeout(&self, now: Instant) {
        let mut state = self.state();
        state.timeouts += 1;
        if state.timeouts >= self.threshold {
            state.open_until = Some(now + self.retry_delay);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_after_timeouts_in_a_row() {
        let (breaker, now) = (CircuitBreaker::new(2, Duration::from_secs(30)), Instant::now());
        breaker.record_timeout(now);
        assert!(!breaker.is_open(now), "one timeout may be due to one recipient");
        breaker.record_reply();
        breaker.record_timeout(now);
        assert!(!breaker.is_open(now));
        breaker.record_timeout(now);
        assert!(breaker.is_open(now + Duration::from_secs(29)));
        assert!(!breaker.is_open(now + Duration::from_secs(30)));
        breaker.record_timeout(now + Duration::from_secs(30));
        assert!(breaker.is_open(now + Duration::from_secs(59)), "one more timeout opens it again");
        breaker.record_reply();
        assert!(!breaker.is_open(now + Duration::from_secs(59)));
    }
}
