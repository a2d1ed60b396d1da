//! When those who sign up on one day do so.

use std::collections::BTreeMap;
use std::time::Duration;

use countmein::domain::backoff::{Noise, Quiet};
use countmein::domain::timestamp::Timestamp;

use crate::DAY;

const SECOND: Duration = Duration::from_secs(1);

const BURSTS: usize = 10;
const BURST: Duration = Duration::from_secs(5 * 60);

/// When people sign up.
#[derive(Debug, Clone, Copy)]
pub enum Spacing {
    /// In ten bursts of five minutes.
    Bursts,
    Evenly,
    /// In groups, each just after the quiet time that the one before has brought.
    AfterEachQuietTime,
    /// In groups so that as many as can be are told at once: some in a row, each just after the quiet time, then a pause
    /// after which the event begins anew.
    Loudest,
}

impl Spacing {
    pub const ALL: [Self; 4] = [Self::Bursts, Self::Evenly, Self::AfterEachQuietTime, Self::Loudest];

    pub fn words(self) -> &'static str {
        match self {
            Self::Bursts => "in bursts",
            Self::Evenly => "evenly",
            Self::AfterEachQuietTime => "after each quiet time",
            Self::Loudest => "as loud as can be",
        }
    }

    /// How many sign up when, in whole seconds after the day began.
    pub fn arrivals(self, sign_ups: usize) -> BTreeMap<Duration, usize> {
        let groups = match self {
            Self::Evenly => return spread(sign_ups, Duration::ZERO, DAY),
            Self::Bursts => (0..BURSTS).map(|burst| part(DAY, burst, BURSTS)).collect(),
            Self::AfterEachQuietTime => told_at_once(usize::MAX),
            Self::Loudest => (1..10).map(told_at_once).max_by_key(Vec::len).unwrap(),
        };
        let lasts = if matches!(self, Self::Bursts) { BURST } else { SECOND };
        let shares = (0..groups.len()).map(|group| (sign_ups + groups.len() - 1 - group) / groups.len());
        groups.iter().zip(shares).flat_map(|(begins, share)| spread(share, *begins, lasts)).collect()
    }
}

/// The `number`th of `parts` of a time, in whole seconds.
fn part(time: Duration, number: usize, parts: usize) -> Duration {
    Duration::from_secs(time.as_secs() * number as u64 / parts as u64)
}

fn spread(sign_ups: usize, begins: Duration, lasts: Duration) -> BTreeMap<Duration, usize> {
    let mut arrivals = BTreeMap::new();
    for number in 0..sign_ups {
        *arrivals.entry(begins + part(lasts, number, sign_ups)).or_default() += 1;
    }
    arrivals
}

/// The times of a day at which changes are told at once: each a second after the quiet time, but after `in_a_row` of
/// them comes so long a pause that the next is a first one again, if the day has room for it.
fn told_at_once(in_a_row: usize) -> Vec<Duration> {
    let noise = Noise::default();
    let day = Timestamp::EARLIEST;
    let (mut times, mut now, mut quiet, mut row) = (Vec::new(), day, None, 0);
    while now.since(day) < DAY {
        times.push(now.since(day));
        row += 1;
        let next = Quiet::after(quiet, &noise, now);
        let rested = now.plus(noise.longest_wait);
        if next.lasts == noise.longest_wait || row == in_a_row && rested.since(day) < DAY {
            (quiet, row, now) = (None, 0, rested);
        } else {
            quiet = Some(next);
            now = next.ends_at.plus(SECOND);
        }
    }
    times
}
