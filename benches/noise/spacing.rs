//! Distributes sign-ups over a day.

use std::collections::BTreeMap;
use std::time::Duration;

use countmein::domain::backoff::{Backoff, BackoffPolicy};
use countmein::domain::timestamp::Timestamp;

use crate::DAY;

const SECOND: Duration = Duration::from_secs(1);

const BURSTS: usize = 10;
const BURST_LENGTH: Duration = Duration::from_secs(5 * 60);

/// How the sign-ups are distributed over a day.
#[derive(Debug, Clone, Copy)]
pub enum Spacing {
    /// In ten bursts of five minutes.
    Bursts,
    Evenly,
    /// In groups, each just after the end of the backoff that the previous group caused.
    AfterEachBackoff,
    /// In groups that cause as many notifications as possible: some groups in a row, each just after the end of the
    /// backoff, then a pause that resets the backoff.
    MostNotifications,
}

impl Spacing {
    pub const ALL: [Self; 4] = [Self::Bursts, Self::Evenly, Self::AfterEachBackoff, Self::MostNotifications];

    /// The name in the table of `docs/noise.md`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Bursts => "in bursts",
            Self::Evenly => "evenly",
            Self::AfterEachBackoff => "after each backoff",
            Self::MostNotifications => "worst case",
        }
    }

    /// The number of sign-ups by their time, in whole seconds since the start of the day.
    pub fn arrivals(self, sign_ups: usize) -> BTreeMap<Duration, usize> {
        let groups = match self {
            Self::Evenly => return spread(sign_ups, Duration::ZERO, DAY),
            Self::Bursts => (0..BURSTS).map(|burst| part(DAY, burst, BURSTS)).collect(),
            Self::AfterEachBackoff => immediate_sends(usize::MAX),
            Self::MostNotifications => (1..10).map(immediate_sends).max_by_key(Vec::len).unwrap(),
        };
        let length = if matches!(self, Self::Bursts) { BURST_LENGTH } else { SECOND };
        let shares = (0..groups.len()).map(|group| (sign_ups + groups.len() - 1 - group) / groups.len());
        groups.iter().zip(shares).flat_map(|(start, share)| spread(share, *start, length)).collect()
    }
}

/// The start of part `number` if a duration is divided into `parts`, in whole seconds.
fn part(duration: Duration, number: usize, parts: usize) -> Duration {
    Duration::from_secs(duration.as_secs() * number as u64 / parts as u64)
}

/// Distributes sign-ups evenly over `length`.
fn spread(sign_ups: usize, start: Duration, length: Duration) -> BTreeMap<Duration, usize> {
    let mut arrivals = BTreeMap::new();
    for number in 0..sign_ups {
        *arrivals.entry(start + part(length, number, sign_ups)).or_default() += 1;
    }
    arrivals
}

/// The times of a day at which a change is announced immediately: each is a second after the end of the backoff. After
/// `max_in_a_row` of them follows a pause that resets the backoff, if the day has room for it.
fn immediate_sends(max_in_a_row: usize) -> Vec<Duration> {
    let backoff = BackoffPolicy::default();
    let day = Timestamp::EARLIEST;
    let (mut times, mut now, mut previous, mut in_a_row) = (Vec::new(), day, None, 0);
    while now.since(day) < DAY {
        times.push(now.since(day));
        in_a_row += 1;
        let next = Backoff::after(previous, &backoff, now);
        let after_pause = now.plus(backoff.maximum);
        if next.delay == backoff.maximum || in_a_row == max_in_a_row && after_pause.since(day) < DAY {
            (previous, in_a_row, now) = (None, 0, after_pause);
        } else {
            previous = Some(next);
            now = next.ends_at.plus(SECOND);
        }
    }
    times
}
