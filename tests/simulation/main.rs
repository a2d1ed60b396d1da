//! Announcements over simulated days: whatever happens, who is in knows who is in, and hears it not too often.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use countmein::domain::announcement::Announcement;
use countmein::domain::backoff::Noise;
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;
use proptest::prelude::*;

use memory::Memory;
use support::seed;

#[expect(dead_code, reason = "other test binaries use more of it")]
#[path = "../support/mod.rs"]
mod support;

mod memory;
mod no_answer;
mod sending;

const DANCE: &str = "Dance";
const PEOPLE: [&str; 7] = ["Ana", "Ben", "Cleo", "Dora", "Emil", "Finn", "Gia"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Random histories that each property is tried with, unless the environment sets another number.
const CASES: u32 = 500;

/// What the design promises of any 24 hours.
const PER_DAY: usize = 30;

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

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let person = 0..PEOPLE.len();
    let step = prop_oneof![
        6 => person.clone().prop_map(Step::Join),
        4 => person.clone().prop_map(Step::Leave),
        4 => (1_u64..300).prop_map(Step::Wait),
        2 => (300_u64..30_000).prop_map(Step::Wait),
        1 => (1_u64..4_000).prop_map(Step::SetBack),
        8 => Just(Step::Work),
        3 => (0_usize..40).prop_map(Step::Crash),
        2 => (person, 1_u64..8_000).prop_map(|(person, time)| Step::Down(person, time)),
    ];
    prop::collection::vec(step, 1..80)
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

proptest! {
    #![proptest_config(seed::config(CASES))]

    #[test]
    fn who_is_in_knows_who_is_in_whatever_happens(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        world.ack();
        for (name, listener) in &world.listeners {
            for other in PEOPLE.iter().filter(|other| *other != name) {
                prop_assert_eq!(listener.believes(other), world.memory.is_in(DANCE, other), "{} of {}", name, other);
            }
            prop_assert!(world.crashed || listener.twice.is_empty(), "{} was told twice of {:?}", name, listener.twice);
        }
    }

}

proptest! {
    #![proptest_config(seed::config(CASES))]

    #[test]
    fn nobody_hears_from_an_event_more_than_thirty_times_in_a_day(
        pauses in prop::collection::vec(prop_oneof![0_u64..90, 0_u64..2_000, 20_000_u64..23_000], 100..400),
    ) {
        let memory = Memory::new(start());
        memory.request(DANCE, "Zoe", Request::Enrol { contact: None });
        for (number, pause) in pauses.into_iter().enumerate() {
            let until = memory.now().plus(Duration::from_secs(pause));
            while let Some(due) = memory.next_due().filter(|due| *due <= until) {
                memory.advance(due.since(memory.now()));
                memory.work(Noise::default());
            }
            memory.advance(until.since(memory.now()));
            let guest = format!("Guest {}", number % 50);
            let request = if number % 100 < 50 { Request::Enrol { contact: None } } else { Request::Cancel };
            memory.request(DANCE, &guest, request);
            memory.work(Noise::default());
        }
        let state = memory.state();
        let times: Vec<_> = state.told.iter().filter(|(_, name, _)| name == "Zoe").map(|(at, _, _)| *at).collect();
        for (first, at) in times.iter().enumerate() {
            let in_a_day = times[first..].iter().filter(|time| time.since(*at) < DAY).count();
            prop_assert!(in_a_day <= PER_DAY, "{in_a_day} from {at}");
        }
    }
}

#[test]
fn a_change_of_a_quiet_event_is_told_at_once_and_ten_in_a_quiet_minute_together() {
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
fn a_provider_that_is_away_for_an_hour_costs_nothing_but_time() {
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
fn one_who_cannot_be_told_keeps_nobody_waiting_who_was_late() {
    let heard = late_and_later(101, (0..99, 1), (99..100, 30));
    assert_eq!(heard.iter().filter(|heard| !**heard).count(), 1, "the one");
}

#[test]
fn while_one_is_late_others_who_fail_are_tried_once_a_minute() {
    for one in [0, 100] {
        let heard = late_and_later(101, (one..one + 1, 30), (1..100, 1));
        assert_eq!(heard.iter().filter(|heard| !**heard).count(), 1, "the one");
    }
}

#[test]
fn who_was_late_hears_though_others_go_on_failing() {
    let heard = late_and_later(120, (0..60, 1), (60..101, 30));
    assert!(heard[..60].iter().all(|heard| *heard), "{heard:?}");
    // Those whose turn on the roster is still to come wait for it, and hear of nothing twice.
    late_and_later(120, (60..101, 1), (0..60, 30));
}
