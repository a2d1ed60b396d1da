//! Announcements over simulated days: whatever happens, who is in knows who is in, and hears it not too often.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use countmein::domain::announcement::Announcement;
use countmein::domain::backoff::Noise;
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;

use memory::Memory;

#[expect(dead_code, reason = "other test binaries use more of it")]
#[path = "../support/mod.rs"]
mod support;

mod memory;
mod no_answer;
mod random;
mod sending;

const DANCE: &str = "Dance";
const PEOPLE: [&str; 7] = ["Ana", "Ben", "Cleo", "Dora", "Emil", "Finn", "Gia"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn start() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-25T08:00:00Z").unwrap()
}

#[derive(Debug, Clone)]
enum Step {
    Join(usize),
    Leave(usize),
    /// Time passes.
    Wait(u64),
    /// The clock is set back.
    SetBack(u64),
    /// The workers come by.
    Work,
    /// They do, and stop for good after so many calls.
    Crash(usize),
    /// Somebody cannot be reached for so many seconds.
    Down(usize, u64),
}

/// What somebody who is in has been told since they came.
#[derive(Default)]
struct Listener {
    /// Who was in when they came.
    found: BTreeSet<String>,
    /// Whether they last heard of somebody that they joined or that they left.
    heard: BTreeMap<String, bool>,
    /// The same was told twice.
    twice: Vec<String>,
}

impl Listener {
    fn hear(&mut self, announcement: &Announcement) {
        let joined = announcement.joined.iter().map(|name| (name, true));
        for (name, is_in) in joined.chain(announcement.left.iter().map(|name| (name, false))) {
            if self.heard.insert(name.clone(), is_in) == Some(is_in) {
                self.twice.push(name.clone());
            }
        }
    }

    fn believes(&self, name: &str) -> bool {
        self.heard.get(name).copied().unwrap_or_else(|| self.found.contains(name))
    }
}

struct World {
    memory: Memory,
    listeners: BTreeMap<&'static str, Listener>,
    told: usize,
    crashed: bool,
    waited: Duration,
}

impl World {
    fn new() -> Self {
        Self {
            memory: Memory::new(start()),
            listeners: BTreeMap::new(),
            told: 0,
            crashed: false,
            waited: Duration::ZERO,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Join(person) => {
                if self.memory.request(DANCE, PEOPLE[person], Request::Enrol { contact: None }) {
                    let found = self.listeners.keys().map(|name| (*name).to_owned()).collect();
                    self.listeners.insert(PEOPLE[person], Listener { found, ..Listener::default() });
                }
            }
            Step::Leave(person) => {
                if self.memory.request(DANCE, PEOPLE[person], Request::Cancel) {
                    self.listeners.remove(PEOPLE[person]);
                }
            }
            Step::Wait(seconds) => {
                let time = Duration::from_secs(seconds);
                // Who cannot be told for a day is given up; here nobody is.
                if self.waited + time < DAY - Duration::from_secs(4 * 60 * 60) {
                    self.waited += time;
                    self.memory.advance(time);
                }
            }
            Step::SetBack(seconds) => self.memory.set_back(Duration::from_secs(seconds)),
            Step::Work => self.work(None),
            Step::Crash(steps) => self.work(Some(steps)),
            Step::Down(person, seconds) => self.memory.take_down(PEOPLE[person], Duration::from_secs(seconds)),
        }
    }

    fn work(&mut self, crash_after: Option<usize>) {
        self.memory.crash_after(crash_after);
        self.crashed |= self.memory.work(Noise::default()).is_none();
        self.memory.crash_after(None);
        let state = self.memory.state();
        for (_, name, announcement) in &state.told[self.told..] {
            let own = |names: &[String]| names.contains(name);
            assert!(!own(&announcement.joined) && !own(&announcement.left), "{name} hears of themselves");
            // Who has left meanwhile was told a moment ago.
            if let Some(listener) = self.listeners.get_mut(name.as_str()) {
                listener.hear(announcement);
            }
        }
        self.told = state.told.len();
    }

    /// Lets everything that is due or will be happen.
    fn ack(&mut self) {
        self.work(None);
        for _ in 0..1_000 {
            let Some(due) = self.memory.next_due() else { return };
            self.memory.advance(due.since(self.memory.now()));
            self.work(None);
        }
        panic!("something is always due");
    }
}

#[test]
fn changes_during_backoff_share_a_digest() {
    let mut world = World::new();
    world.take(&Step::Join(0));
    world.take(&Step::Work);
    world.take(&Step::Wait(1));
    for person in 1..PEOPLE.len() {
        world.take(&Step::Join(person));
        world.take(&Step::Work);
    }
    assert_eq!(world.told, 0, "it is quiet: Ana's own coming was its first change");
    world.take(&Step::Wait(60));
    world.take(&Step::Work);
    assert_eq!(world.told, PEOPLE.len());
    let state = world.memory.state();
    let (_, _, to_ana) = state.told.iter().find(|(_, name, _)| name == "Ana").unwrap();
    assert_eq!(to_ana.joined, PEOPLE[1..]);
    assert_eq!(to_ana.count, PEOPLE.len() as u64);
}

#[test]
fn provider_outage_loses_no_notification() {
    // About as many as are kept by name, and far more.
    for crowd in [1, 74, 75, 99, 100, 120, 1_000] {
        let memory = Memory::new(start());
        let guests: Vec<String> = (0..crowd).map(|number| format!("Guest {number:04}")).collect();
        settled(&memory, &guests);
        let an_hour = Duration::from_secs(3_600);
        let ends_at = memory.now().plus(an_hour);
        guests.iter().for_each(|guest| memory.take_down(guest, an_hour));
        let mut tries = 0;
        for name in ["Amy", "Bea"] {
            memory.request(DANCE, name, Request::Enrol { contact: None });
            memory.work(Noise::default());
        }
        while let Some(due) = memory.next_due() {
            memory.advance(due.since(memory.now()));
            memory.work(Noise::default());
            tries += 1;
            assert!(tries < 100, "{crowd} are tried more than once a minute");
        }
        // Beyond those who are kept by name it goes on where it stopped.
        assert!(crowd < 1_000 || tries >= 60, "once a minute: {tries}");
        let state = memory.state();
        for guest in &guests {
            let told: Vec<_> = state.told.iter().filter(|(_, name, _)| name == guest).collect();
            assert!(told.iter().all(|(at, _, _)| *at >= ends_at));
            let mut names: Vec<&String> = told.iter().flat_map(|(_, _, announcement)| &announcement.joined).collect();
            names.sort();
            assert_eq!(names, ["Amy", "Bea"], "{guest} of {crowd}");
        }
    }
}

/// They are in, everybody has heard of it, and the event is quiet no more.
fn settled(memory: &Memory, guests: &[String]) {
    for guest in guests {
        memory.request(DANCE, guest, Request::Enrol { contact: None });
    }
    memory.work(Noise::default());
    memory.advance(Duration::from_secs(24 * 3_600));
    memory.state().told.clear();
}

/// Some are down when Amy comes, others too when Bea does: who of the crowd hears of both within hours after an hour.
fn late_and_later(crowd: usize, first: (Range<usize>, u64), then: (Range<usize>, u64)) -> Vec<bool> {
    let memory = Memory::new(start());
    let guests: Vec<String> = (0..crowd).map(|number| format!("Guest {number:04}")).collect();
    settled(&memory, &guests);
    let ends_at = memory.now().plus(Duration::from_secs(4 * 3_600));
    for (joins, (down, hours)) in [("Amy", first), ("Bea", then)] {
        guests[down].iter().for_each(|guest| memory.take_down(guest, Duration::from_secs(hours * 3_600)));
        memory.request(DANCE, joins, Request::Enrol { contact: None });
        memory.work(Noise::default());
    }
    let mut tries = 0;
    while let Some(due) = memory.next_due().filter(|due| *due < ends_at) {
        memory.advance(due.since(memory.now()));
        memory.work(Noise::default());
        tries += 1;
        assert!(tries < 2 * 4 * 60, "tried more than once a minute");
    }
    let state = memory.state();
    let has_heard = |guest: &String, name: &str| {
        let told = state.told.iter().filter(|(_, to, _)| to == guest);
        let times = told.filter(|(_, _, announcement)| announcement.joined.iter().any(|it| it == name)).count();
        assert!(times <= 1, "{guest} heard of {name} {times} times");
        times == 1
    };
    guests.iter().map(|guest| has_heard(guest, "Amy") && has_heard(guest, "Bea")).collect()
}

#[test]
fn failing_recipient_delays_no_deferred_one() {
    let heard = late_and_later(101, (0..99, 1), (99..100, 30));
    assert_eq!(heard.iter().filter(|heard| !**heard).count(), 1, "the one");
}

#[test]
fn failing_recipients_are_retried_each_minute() {
    for one in [0, 100] {
        let heard = late_and_later(101, (one..one + 1, 30), (1..100, 1));
        assert_eq!(heard.iter().filter(|heard| !**heard).count(), 1, "the one");
    }
}

#[test]
fn deferred_recipient_is_notified_despite_failures() {
    let heard = late_and_later(120, (0..60, 1), (60..101, 30));
    assert!(heard[..60].iter().all(|heard| *heard), "{heard:?}");
    // Those whose turn on the roster is still to come wait for it, and hear of nothing twice.
    late_and_later(120, (60..101, 1), (0..60, 30));
}
