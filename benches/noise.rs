//! A day of sign-ups for one event, simulated: how often those who are in hear of it, and what that takes.
//!
//! `cargo bench --bench noise` prints the table of `docs/noise.md`; `cargo bench --bench noise -- --check` fails unless
//! the table there is the same. There is no chance and no clock in it, so that it comes out alike on every machine.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::attendee_name::NameKey;
use countmein::domain::backoff::Noise;
use countmein::domain::event::EventId;
use countmein::domain::notification::{Notification, Recipient};
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Notified, Notifier, Roster as _, SendError};
use futures_util::FutureExt as _;

use memory::Memory;
use spacing::Spacing;

#[path = "noise/spacing.rs"]
mod spacing;

#[expect(dead_code, reason = "the simulation uses more of it")]
#[path = "../tests/simulation/memory.rs"]
mod memory;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/noise.md");

const EVENT: &str = "Dance";
const SIGN_UPS: [usize; 4] = [1, 10, 1_000, 100_000];

/// Who are in before the day begins.
const LISTENERS: usize = 100;

/// What the design promises of any 24 hours.
const PER_DAY: usize = 30;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_given = |argument: &str| arguments.iter().any(|given| given == argument);
    // `cargo test --all-targets` starts benches too, without this flag.
    if !is_given("--bench") {
        return;
    }
    let table = table();
    print!("{table}");
    if is_given("--check") {
        let document = fs::read_to_string(DOCUMENT).unwrap();
        assert!(document.contains(&table), "{DOCUMENT} has another table; put this one there");
    }
}

fn table() -> String {
    let days: Vec<_> = SIGN_UPS.iter().flat_map(|sign_ups| Spacing::ALL.map(|spacing| (*sign_ups, spacing))).collect();
    // All at once, since the largest take a minute each.
    let rows = thread::scope(|scope| {
        let days = days.iter().map(|(sign_ups, spacing)| scope.spawn(|| row(*sign_ups, *spacing)));
        days.collect::<Vec<_>>().into_iter().map(|day| day.join().unwrap()).collect::<String>()
    });
    format!(
        "| sign-ups | spaced | to a listener | most in any 24 hours | sent in all | digest writes |\n\
         |---:|---|---:|---:|---:|---:|\n{rows}"
    )
}

fn row(sign_ups: usize, spacing: Spacing) -> String {
    let day = Day::simulate(sign_ups, spacing);
    let mut row = String::new();
    for cell in [thousands(sign_ups), spacing.words().to_owned()] {
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

/// What came of a day, and of what was left to tell when it was over.
struct Day {
    /// Notifications to a listener.
    median: usize,
    /// Notifications to one recipient.
    most: usize,
    /// Notifications to all recipients.
    sent: usize,
    digest_writes: usize,
}

impl Day {
    fn simulate(sign_ups: usize, spacing: Spacing) -> Self {
        let noise = Noise::default();
        let memory = Memory::new(Timestamp::EARLIEST);
        let audience = Audience::default();
        let join = |name: &str| assert!(memory.request(EVENT, name, Request::Enrol { contact: None }));
        for number in 0..LISTENERS {
            let name = format!("Listener {number:03}");
            join(&name);
            audience.comes(&name, LISTENERS);
        }
        while let Some(due) = {
            memory.take_in(noise).unwrap();
            memory.next_due()
        } {
            memory.advance(due.since(memory.now()));
            memory.work(noise).unwrap();
        }
        memory.advance(DAY);

        let begins = memory.now();
        let writes_before = memory.state().stores;
        let mut arrivals = spacing.arrivals(sign_ups).into_iter().peekable();
        let mut came = 0;
        loop {
            let arrive_at = arrivals.peek().map(|(time, _)| begins.plus(*time));
            let Some(next) = [arrive_at, memory.next_due()].into_iter().flatten().min() else { break };
            memory.advance(next.since(memory.now()));
            if let Some((_, number)) = arrivals.next_if(|_| arrive_at == Some(next)) {
                for newcomer in came..came + number {
                    let name = format!("Newcomer {newcomer:06}");
                    join(&name);
                    audience.comes(&name, LISTENERS + newcomer + 1);
                }
                came += number;
            }
            memory.work_with(&audience, noise).unwrap();
        }
        assert_eq!(came, sign_ups);
        let digest_writes = memory.state().stores - writes_before;
        let event = EventId::parse(EVENT).unwrap();
        let roster = memory.roster(&event, LISTENERS + sign_ups, None).now_or_never().unwrap().unwrap();
        Self { digest_writes, ..audience.ends(roster.attendees.len()) }
    }
}

/// Everybody who is in, as they hear.
#[derive(Default)]
struct Audience(Mutex<HashMap<NameKey, Heard>>);

struct Heard {
    at: Vec<Timestamp>,
    /// How many are in, as they last saw or heard.
    count: u64,
    /// How many are in, by those they saw and those they heard of, one by one or counted.
    sum: u64,
}

impl Audience {
    /// Somebody comes, and sees how many are in.
    fn comes(&self, name: &str, count: usize) {
        let heard = Heard { at: Vec::new(), count: count as u64, sum: count as u64 };
        self.0.lock().unwrap().insert(NameKey::of(name).unwrap(), heard);
    }

    fn ends(self, count: usize) -> Day {
        let (mut to_listeners, mut most, mut sent) = (Vec::new(), 0, 0);
        for (name, heard) in self.0.into_inner().unwrap() {
            assert_eq!(heard.count, count as u64, "{} knows how many are in", name.as_str());
            if name.as_str().starts_with("listener") {
                assert_eq!(heard.sum, count as u64, "{} has heard of everybody", name.as_str());
                to_listeners.push(heard.at.len());
            }
            let in_a_day = heard
                .at
                .iter()
                .enumerate()
                .map(|(first, at)| heard.at[first..].iter().take_while(|later| later.since(*at) < DAY).count());
            most = in_a_day.max().unwrap_or(0).max(most);
            sent += heard.at.len();
        }
        assert!(most <= PER_DAY, "{most} notifications to one recipient in 24 hours");
        to_listeners.sort_unstable();
        Day { median: to_listeners[to_listeners.len() / 2], most, sent, digest_writes: 0 }
    }
}

#[async_trait]
impl Notifier for Audience {
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        if let Recipient::Attendee(attendee) = &notification.to {
            let mut everybody = self.0.lock().unwrap();
            let heard = everybody.get_mut(attendee.name.key()).unwrap();
            let news = &notification.announcement;
            heard.at.push(notification.at);
            heard.count = news.count;
            heard.sum += news.joined.len() as u64 + news.others.joined - news.left.len() as u64 - news.others.left;
        }
        Ok(Notified::Sent)
    }
}
