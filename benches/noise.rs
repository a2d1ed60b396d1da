//! Simulates a day of sign-ups for one event and counts the notifications and writes that they cause.
//!
//! `cargo bench --bench noise` prints the table of `docs/noise.md`. `cargo bench --bench noise -- --check` fails if the
//! document has another table. The simulation uses no random numbers and no clock, so every machine prints the same
//! table.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::Duration;

use countmein::domain::attendee_name::NameKey;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;

use memory::{Memory, QUIET};
use spacing::Spacing;

#[path = "noise/spacing.rs"]
mod spacing;

#[expect(dead_code, reason = "the simulation uses more of it")]
#[path = "../tests/simulation/memory/mod.rs"]
mod memory;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/noise.md");

const EVENT: &str = "Dance";
const SIGN_UPS: [usize; 4] = [1, 10, 1_000, 100_000];

/// Attendees who signed up before the day begins.
const LISTENERS: usize = 100;

/// The design's bound on notifications to one recipient in any 24 hours.
const MAX_PER_DAY: usize = 30;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has_argument = |argument: &str| arguments.iter().any(|given| given == argument);
    // `cargo test --all-targets` also starts benchmarks, but without this flag.
    if !has_argument("--bench") {
        return;
    }
    let table = table();
    print!("{table}");
    if has_argument("--check") {
        let document = fs::read_to_string(DOCUMENT).unwrap();
        assert!(document.contains(&table), "{DOCUMENT} has another table; replace it with this one");
    }
}

fn table() -> String {
    let days: Vec<_> = SIGN_UPS.iter().flat_map(|sign_ups| Spacing::ALL.map(|spacing| (*sign_ups, spacing))).collect();
    // The days run concurrently, since the largest take a minute each.
    let rows = thread::scope(|scope| {
        let days = days.iter().map(|(sign_ups, spacing)| scope.spawn(|| row(*sign_ups, *spacing)));
        days.collect::<Vec<_>>().into_iter().map(|day| day.join().unwrap()).collect::<String>()
    });
    format!(
        "| sign-ups | spacing | per early attendee | most in any 24 hours | total sent | digest writes |\n\
         |---:|---|---:|---:|---:|---:|\n{rows}"
    )
}

fn row(sign_ups: usize, spacing: Spacing) -> String {
    let day = Day::simulate(sign_ups, spacing);
    let mut row = String::new();
    for cell in [thousands(sign_ups), spacing.label().to_owned()] {
        write!(row, "| {cell} ").unwrap();
    }
    for number in [day.median, day.most, day.sent, day.digest_writes] {
        write!(row, "| {} ", thousands(number)).unwrap();
    }
    row + "|\n"
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

/// What the sign-ups of one day caused, including the notifications that were still due at its end.
struct Day {
    /// Notifications to a listener, in the median.
    median: usize,
    /// The most notifications to one recipient in any 24 hours.
    most: usize,
    /// Notifications to all recipients.
    sent: usize,
    digest_writes: usize,
}

impl Day {
    fn simulate(sign_ups: usize, spacing: Spacing) -> Self {
        let backoff = BackoffPolicy::default();
        let memory = Memory::new(Timestamp::EARLIEST);
        let mut audience = Audience::default();
        let join = |name: &str| assert!(memory.request(EVENT, name, Request::trusted_sign_up(None)));
        for number in 0..LISTENERS {
            let name = format!("{QUIET} listener {number:03}");
            join(&name);
            audience.add(&name, LISTENERS);
        }
        while let Some(due) = {
            memory.take_in(backoff).unwrap();
            memory.next_due()
        } {
            memory.advance(due.since(memory.now()));
            memory.work(backoff).unwrap();
        }
        memory.state().announcements.clear();
        memory.advance(DAY);

        let day_start = memory.now();
        let writes_before = memory.state().stores;
        let mut arrivals = spacing.arrivals(sign_ups).into_iter().peekable();
        let mut signed_up = 0;
        loop {
            let arrive_at = arrivals.peek().map(|(time, _)| day_start.plus(*time));
            let Some(next) = [arrive_at, memory.next_due()].into_iter().flatten().min() else { break };
            memory.advance(next.since(memory.now()));
            if let Some((_, number)) = arrivals.next_if(|_| arrive_at == Some(next)) {
                for newcomer in signed_up..signed_up + number {
                    let name = format!("{QUIET} newcomer {newcomer:06}");
                    join(&name);
                    audience.add(&name, LISTENERS + newcomer + 1);
                }
                signed_up += number;
            }
            memory.work(backoff).unwrap();
            audience.hear(&memory);
        }
        assert_eq!(signed_up, sign_ups);
        let digest_writes = memory.state().stores - writes_before;
        Self { digest_writes, ..audience.summarize(LISTENERS + sign_ups) }
    }
}

/// The attendees, with what they know from their notifications.
#[derive(Default)]
struct Audience(HashMap<NameKey, Knowledge>);

/// What one attendee knows.
struct Knowledge {
    notified_at: Vec<Timestamp>,
    /// The number of attendees, by the last notification.
    count: u64,
    /// The number of attendees, by adding up all movements since the sign-up.
    sum: u64,
}

impl Audience {
    /// Adds an attendee, who sees the current number of attendees at sign-up.
    fn add(&mut self, name: &str, count: usize) {
        let knowledge = Knowledge { notified_at: Vec::new(), count: count as u64, sum: count as u64 };
        self.0.insert(NameKey::of(name).unwrap(), knowledge);
    }

    /// Tells every attendee what the event has announced. All of them have said yes.
    fn hear(&mut self, memory: &Memory) {
        let now = memory.now();
        let mut state = memory.state();
        for announcement in std::mem::take(&mut state.announcements) {
            for attendee in state.attendees.values() {
                let Some(announcement) = announcement.to_attendee(attendee, announcement.view) else { continue };
                let knowledge = self.0.get_mut(attendee.name.key()).unwrap();
                let joined = announcement.joined.len() as u64 + announcement.others.joined;
                let left = announcement.left.len() as u64 + announcement.others.left;
                knowledge.notified_at.push(now);
                knowledge.count = announcement.count;
                knowledge.sum = knowledge.sum + joined - left;
            }
        }
    }

    /// Checks that every attendee knows the final number of attendees, and counts the notifications.
    fn summarize(self, count: usize) -> Day {
        let (mut to_listeners, mut most, mut sent) = (Vec::new(), 0, 0);
        for (name, knowledge) in self.0 {
            assert_eq!(knowledge.count, count as u64, "{} knows the number of attendees", name.as_str());
            if name.as_str().starts_with("quiet listener") {
                assert_eq!(knowledge.sum, count as u64, "{} was notified of every movement", name.as_str());
                to_listeners.push(knowledge.notified_at.len());
            }
            let times = &knowledge.notified_at;
            let per_day = times
                .iter()
                .enumerate()
                .map(|(first, at)| times[first..].iter().take_while(|later| later.since(*at) < DAY).count());
            most = per_day.max().unwrap_or(0).max(most);
            sent += times.len();
        }
        assert!(most <= MAX_PER_DAY, "{most} notifications to one recipient in 24 hours");
        to_listeners.sort_unstable();
        Day { median: to_listeners[to_listeners.len() / 2], most, sent, digest_writes: 0 }
    }
}
