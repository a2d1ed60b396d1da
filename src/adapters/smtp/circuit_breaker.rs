//! A circuit breaker: after several consecutive timeouts, no email is sent to the server for a while.
//!
//! Without the circuit breaker, each email to a server that does not respond would occupy a connection and delay other
//! notifications.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counts the consecutive timeouts of a server.
pub struct CircuitBreaker {
    /// Number of consecutive timeouts that opens the circuit. Fewer timeouts may be due to one recipient.
    threshold: usize,
    /// How long the circuit stays open.
    retry_delay: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    consecutive_timeouts: usize,
    open_until: Option<Instant>,
}

impl CircuitBreaker {
    pub fn new(threshold: usize, retry_delay: Duration) -> Self {
        Self { threshold, retry_delay, state: Mutex::default() }
    }

    /// Returns whether the circuit is open, so that no email may be sent.
    pub fn is_open(&self, now: Instant) -> bool {
        self.state().open_until.is_some_and(|until| now < until)
    }

    /// Records that the server has replied. Closes the circuit.
    pub fn record_reply(&self) {
        *self.state() = State::default();
    }

    /// Records a timeout. Opens the circuit if the threshold is reached.
    pub fn record_timeout(&self, now: Instant) {
        let mut state = self.state();
        state.consecutive_timeouts += 1;
        if state.consecutive_timeouts >= self.threshold {
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
    fn opens_after_consecutive_timeouts() {
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
