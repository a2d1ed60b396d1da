//! Announcements over simulated days: every change reaches every other attendee, and not too often.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use countmein::domain::announcement::Announcement;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;

use memory::{FAMILY, Fault, Memory, mailbox};

#[expect(dead_code, reason = "other test binaries use more of it")]
#[path = "../support/mod.rs"]
mod support;

mod memory;
mod random;
mod recipients;
mod seats;
mod sending;
mod turns;
mod updates;

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
    /// The workers run.
    Work,
    /// The workers run, each twice at the same time.
    WorkTwice,
    /// The workers run, and crash after this many calls.
    Crash(usize),
    /// The outbox delivers every message twice, and in another order.
    Duplicate,
    /// The workers run, and one call fails after this many others.
    Fail(usize, Fault),
    /// A person cannot be reached for this many seconds.
    Down(usize, u64),
    /// A person gets everything for this many seconds, but the answers are lost.
    Silent(usize, u64),
}

/// What an attendee was notified of since they joined.
#[derive(Default)]
struct Attendee {
    /// Who was in when they joined.
    present: BTreeSet<String>,
    /// By name: whether the last notification said that they joined or that they left.
    notified: BTreeMap<String, bool>,
    /// Who had left at some time before they joined.
    had_left: BTreeSet<String>,
    /// Names of which the same was said twice.
    twice: Vec<String>,
}

impl Attendee {
    fn receive(&mut self, announcement: &Announcement) {
        let joined = announcement.joined.iter().map(|name| (name, true));
        for (name, is_in) in joined.chain(announcement.left.iter().map(|name| (name, false))) {
            if self.notified.insert(name.clone(), is_in) == Some(is_in) {
                self.twice.push(name.clone());
            }
        }
    }

    /// Names of which the same was said twice although it had happened once.
    ///
    /// If changes were taken in late, an announcement may end before the attendee came, and say that somebody joined who left
    /// before that. When they join again, the next announcement says it again, because they had left before the attendee came.
    fn repeated(&self, has_late_changes: bool) -> Vec<&String> {
        let mut had_left = if has_late_changes { self.had_left.clone() } else { BTreeSet::new() };
        self.twice.iter().filter(|name| !had_left.remove(*name)).collect()
    }

    fn knows_of(&self, name: &str) -> bool {
        self.notified.get(name).copied().unwrap_or_else(|| self.present.contains(name))
    }
}

struct World {
    memory: Memory,
    attendees: BTreeMap<&'static str, Attendee>,
    /// Who has ever left.
    have_left: BTreeSet<String>,
    notified: usize,
    crashed: bool,
    /// Whether the clock was set back.
    set_back: bool,
    waited: Duration,
}

impl World {
    /// `is_queue`: whether the outbox keeps every message that is put into it, like SQS.
    fn new(is_queue: bool) -> Self {
        let memory = Memory::new(start());
        memory.state().is_queue = is_queue;
        Self {
            memory,
            attendees: BTreeMap::new(),
            have_left: BTreeSet::new(),
            notified: 0,
            crashed: false,
            set_back: false,
            waited: Duration::ZERO,
        }
    }

    fn take(&mut self, step: &Step) {
        // No two requests have the same time.
        self.memory.advance(Duration::from_millis(1));
        match *step {
            Step::Join(person) => {
                if self.memory.request(DANCE, PEOPLE[person], Request::trusted_sign_up(None)) {
                    let present = self.attendees.keys().map(|name| (*name).to_owned()).collect();
                    let had_left = self.have_left.clone();
                    self.attendees.insert(PEOPLE[person], Attendee { present, had_left, ..Attendee::default() });
                }
            }
            Step::Leave(person) => {
                if self.memory.request(DANCE, PEOPLE[person], Request::Cancel) {
                    self.attendees.remove(PEOPLE[person]);
                    self.have_left.insert(PEOPLE[person].to_owned());
                }
            }
            Step::Wait(seconds) => {
                let time = Duration::from_secs(seconds);
                // A notification expires after a day; here none does.
                if self.waited + time < DAY - Duration::from_secs(4 * 60 * 60) {
                    self.waited += time;
                    self.memory.advance(time);
                }
            }
            Step::SetBack(seconds) => {
                self.set_back = true;
                self.memory.set_back(Duration::from_secs(seconds));
            }
            Step::Work => self.work(None),
            Step::WorkTwice => {
                self.memory.work_twice(BackoffPolicy::default()).expect("nothing crashes");
                self.receive();
            }
            Step::Duplicate => self.memory.duplicate_messages(),
            Step::Crash(steps) => self.work(Some(steps)),
            Step::Fail(calls, fault) => {
                self.memory.fail_after(Some((calls, fault)));
                self.work(None);
                self.memory.fail_after(None);
            }
            Step::Down(person, seconds) => self.memory.take_down(PEOPLE[person], Duration::from_secs(seconds)),
            Step::Silent(person, seconds) => self.memory.silence(PEOPLE[person], Duration::from_secs(seconds)),
        }
    }

    fn work(&mut self, crash_after: Option<usize>) {
        self.memory.crash_after(crash_after);
        self.crashed |= self.memory.work(BackoffPolicy::default()).is_none();
        self.memory.crash_after(None);
        self.receive();
    }

    /// The attendees read the new notifications.
    fn receive(&mut self) {
        let state = self.memory.state();
        for (_, to, announcement) in &state.notified[self.notified..] {
            let own = announcement.joined.iter().chain(&announcement.left).find(|name| mailbox(name) == mailbox(to));
            assert_eq!(own, None, "{to} is notified about themselves");
            // Everybody with this mailbox. A recipient may have left since the notification.
            let readers = self.attendees.iter_mut().filter(|(name, _)| mailbox(name) == mailbox(to));
            readers.for_each(|(_, attendee)| attendee.receive(announcement));
        }
        self.notified = state.notified.len();
    }

    /// What is wrong after all work is done.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let count = self.memory.count(DANCE);
        if count != self.attendees.len() as u64 {
            problems.push(format!("the count is {count}, not {}", self.attendees.len()));
        }
        if !self.memory.is_calendar_complete(self.set_back) {
            problems.push("the calendar is not complete".to_owned());
        }
        problems.extend(self.wrong_pages());
        // After the clock was set back, a sign-up may seem to be older than an announcement that was made before.
        let has_late_changes = self.memory.state().has_late_changes;
        let may_repeat = self.crashed || self.set_back || self.memory.state().may_repeat;
        for (name, attendee) in &self.attendees {
            let others = PEOPLE.iter().filter(|other| mailbox(other) != mailbox(name));
            let misinformed = others.filter(|other| attendee.knows_of(other) != self.memory.is_in(DANCE, other));
            problems.extend(misinformed.map(|other| format!("{name} is misinformed about {other}")));
            // What one of a family knows already may be news to another.
            let repeated = attendee.repeated(has_late_changes);
            if !may_repeat && !FAMILY.contains(name) && !repeated.is_empty() {
                problems.push(format!("{name} was notified twice of {repeated:?}"));
            }
        }
        problems
    }

    /// What is wrong on the pages of the attendees. They show what the event announced since the sign-up, and unlike
    /// notifications they repeat nothing after a crash.
    fn wrong_pages(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, attendee) in &self.attendees {
            let stored = self.memory.attendee_of(DANCE, name).expect("the attendee has signed up");
            let Attendee { present, had_left, .. } = attendee;
            let mut page = Attendee { present: present.clone(), had_left: had_left.clone(), ..Attendee::default() };
            let state = self.memory.state();
            let shown = state
                .announcements
                .iter()
                .filter_map(|announcement| announcement.to_attendee(&stored, announcement.view));
            shown.for_each(|announcement| page.receive(&announcement));
            let repeated = page.repeated(state.has_late_changes);
            drop(state);
            let wrong = PEOPLE.iter().filter(|other| **other != *name);
            let wrong = wrong.filter(|other| page.knows_of(other) != self.memory.is_in(DANCE, other));
            problems.extend(wrong.map(|other| format!("{name}'s page is wrong about {other}")));
            // After the clock was set back, a page may also show an announcement from before the sign-up.
            if !self.set_back && !repeated.is_empty() {
                problems.push(format!("{name}'s page says twice of {repeated:?}"));
            }
        }
        problems
    }

    /// Lets all pending work happen.
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
    let mut world = World::new(false);
    world.take(&Step::Join(0));
    world.take(&Step::Work);
    world.take(&Step::Wait(1));
    for person in 1..PEOPLE.len() {
        world.take(&Step::Join(person));
        world.take(&Step::Work);
    }
    assert_eq!(world.notified, 0, "Ana's own sign-up started the backoff");
    world.take(&Step::Wait(60));
    world.take(&Step::Work);
    assert_eq!(world.notified, PEOPLE.len() - 1, "two have the same mailbox");
    let state = world.memory.state();
    let (_, _, to_ana) = state.notified.iter().find(|(_, name, _)| name == "Ana").unwrap();
    assert_eq!(to_ana.joined, PEOPLE[1..]);
    assert_eq!(to_ana.count, PEOPLE.len() as u64);
}

/// Each kind of fault, at each call of an invocation that notifies several people, of whom one is unreachable.
#[test]
fn no_single_fault_misinforms_anybody() {
    for fault in [Fault::Refused, Fault::AnswerLost, Fault::Repeated, Fault::Overtaken] {
        for calls in 0..60 {
            for (leaves, is_queue) in [(false, false), (true, false), (true, true)] {
                let mut world = World::new(is_queue);
                for person in 0..3 {
                    world.take(&Step::Join(person));
                }
                world.ack();
                world.take(&Step::Wait(3_600));
                world.take(&Step::Down(1, 90));
                world.take(&Step::Join(3));
                world.take(&Step::Fail(calls, fault));
                // Longer than the backoff, so that what was missed and what follows is announced together.
                world.take(&Step::Down(0, 7_200));
                if leaves {
                    world.take(&Step::Wait(600));
                    world.take(&Step::Work);
                    world.take(&Step::Leave(3));
                }
                world.ack();
                assert_eq!(
                    world.problems(),
                    Vec::<String>::new(),
                    "{fault:?} after {calls} calls, {leaves} {is_queue}"
                );
            }
        }
    }
}

#[test]
fn provider_outage_loses_no_notification() {
    for crowd in [1, 100, 1_000] {
        let memory = Memory::new(start());
        let guests: Vec<String> = (0..crowd).map(|number| format!("Guest {number:04}")).collect();
        settled(&memory, &guests);
        let an_hour = Duration::from_secs(3_600);
        let ends_at = memory.now().plus(an_hour);
        guests.iter().for_each(|guest| memory.take_down(guest, an_hour));
        let mut tries = 0;
        for name in ["Amy", "Bea"] {
            memory.request(DANCE, name, Request::trusted_sign_up(None));
            memory.work(BackoffPolicy::default());
        }
        while let Some(due) = memory.next_due() {
            memory.advance(due.since(memory.now()));
            memory.work(BackoffPolicy::default());
            tries += 1;
            assert!(tries < 20, "{crowd} are tried ever more seldom");
        }
        let state = memory.state();
        for guest in &guests {
            let notified: Vec<_> = state.notified.iter().filter(|(_, name, _)| name == guest).collect();
            let is_soon = |at: Timestamp| at >= ends_at && at.since(ends_at) <= Duration::from_secs(15 * 60);
            assert!(notified.iter().all(|(at, _, _)| is_soon(*at)));
            let mut names: Vec<&String> =
                notified.iter().flat_map(|(_, _, announcement)| &announcement.joined).collect();
            names.sort();
            assert_eq!(names, ["Amy", "Bea"], "{guest} of {crowd}");
        }
    }
}

#[test]
fn recipients_who_cannot_be_reached_delay_nobody() {
    let memory = Memory::new(start());
    let guests: Vec<String> = (0..1_000).map(|number| format!("Guest {number:04}")).collect();
    settled(&memory, &guests);
    let recovers_at = memory.now().plus(Duration::from_secs(3_600));
    guests.iter().step_by(3).for_each(|guest| memory.take_down(guest, Duration::from_secs(3_600)));
    memory.request(DANCE, "Amy", Request::trusted_sign_up(None));
    memory.work(BackoffPolicy::default());
    assert_eq!(memory.state().notified.len(), 666, "all others in one pass");
    while let Some(due) = memory.next_due() {
        memory.advance(due.since(memory.now()));
        memory.work(BackoffPolicy::default());
    }
    let state = memory.state();
    let names: BTreeSet<&String> = state.notified.iter().map(|(_, name, _)| name).collect();
    assert_eq!((names.len(), state.notified.len()), (1_000, 1_000), "nobody twice");
    let late = state.notified[666..].iter().map(|(at, _, _)| *at);
    assert!(late.min().unwrap() >= recovers_at);
}

/// Signs the guests up, announces them, and lets the backoff pass.
fn settled(memory: &Memory, guests: &[String]) {
    for guest in guests {
        memory.request(DANCE, guest, Request::trusted_sign_up(None));
    }
    memory.work(BackoffPolicy::default());
    memory.advance(Duration::from_secs(24 * 3_600));
    memory.state().notified.clear();
}
