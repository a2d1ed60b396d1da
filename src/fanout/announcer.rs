//! What sending needs.

use std::time::Duration;

use crate::domain::backoff::Noise;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Digests, Notifier, Roster};

/// Longer than a function's timeout (60 s). Where one program does it all, nobody else claims what takes longer.
pub const LEASE: Duration = Duration::from_secs(120);

/// Sends what is due.
///
/// Whatever it is stopped at, and however often two are at the same event, everybody hears of every change: first the
/// news are claimed, then how far they have come is stored after each page, then they are settled. Only what was sent
/// since the last of these is sent again.
pub struct Announcer<'a> {
    pub digests: &'a dyn Digests,
    pub roster: &'a dyn Roster,
    pub notifier: &'a dyn Notifier,
    pub noise: Noise,
    /// Notifications on their way at once.
    pub at_once: usize,
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// Whether nobody further is to be tried, however much time there is.
    pub stopped: &'a (dyn Fn() -> bool + Sync),
}
