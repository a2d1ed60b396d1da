//! A server that says nothing is left alone for a while: each who waits for it would keep others waiting.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Who keeps count of a server's silences.
pub struct Silence {
    /// How many at a time make it one of the server and not of a recipient.
    many: usize,
    rest: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    silences: usize,
    rests_until: Option<Instant>,
}

impl Silence {
    pub fn new(many: usize, rest: Duration) -> Self {
        Self { many, rest, kept: Mutex::default() }
    }

    /// Whether it is to be left alone now.
    pub fn rests(&self, now: Instant) -> bool {
        self.kept().rests_until.is_some_and(|until| now < until)
    }

    /// It said something.
    pub fn ends(&self) {
        *self.kept() = Kept::default();
    }

    /// It said nothing in time.
    pub fn lasts(&self, now: Instant) {
        let mut kept = self.kept();
        kept.silences += 1;
        if kept.silences >= self.many {
            kept.rests_until = Some(now + self.rest);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_silences_in_a_row_are_the_server_s_until_it_has_rested_or_said_something() {
        let (silence, now) = (Silence::new(2, Duration::from_secs(30)), Instant::now());
        silence.lasts(now);
        assert!(!silence.rests(now), "one may be a recipient's");
        silence.ends();
        silence.lasts(now);
        assert!(!silence.rests(now));
        silence.lasts(now);
        assert!(silence.rests(now + Duration::from_secs(29)));
        assert!(!silence.rests(now + Duration::from_secs(30)));
        silence.lasts(now + Duration::from_secs(30));
        assert!(silence.rests(now + Duration::from_secs(59)), "one more is enough");
        silence.ends();
        assert!(!silence.rests(now + Duration::from_secs(59)));
    }
}
