//! The clock that gives requests their time. It never goes back, even if the system's clock is set back.
//!
//! The newest request wins, so a request that got an earlier time than a stored one would have no effect.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::timestamp::Timestamp;

/// The latest time that this process has used, in milliseconds since 1970.
static LATEST: AtomicI64 = AtomicI64::new(0);

/// Returns the system's time, or the latest time of this clock if that is later.
pub fn now() -> Timestamp {
    let system = Timestamp::now();
    let latest = LATEST.fetch_max(system.as_millis(), Ordering::Relaxed);
    Timestamp::from_millis(latest).map_or(system, |latest| latest.max(system))
}

/// Continues from a time that an earlier process has used.
pub fn continue_from(time: Timestamp) {
    LATEST.fetch_max(time.as_millis(), Ordering::Relaxed);
}

/// Advances the clock by a millisecond if the system's time is behind it. Returns the new time, which no earlier call
/// returned, or `None` if the system's time is not behind.
pub fn advance() -> Option<Timestamp> {
    let system = Timestamp::now().as_millis();
    if system >= LATEST.fetch_max(system, Ordering::Relaxed) {
        return None;
    }
    Timestamp::from_millis(LATEST.fetch_add(1, Ordering::Relaxed) + 1).ok()
}
