//! Places on an event while everything goes wrong: requests, changes of the limit, the change feed and the fan-out.

mod checks;
mod found;
mod random;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use countmein::domain::attendee::Attendee;
use countmein::domain::attendee_name::NameKey;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::capacity::Capacity;
use countmein::domain::change::{AttendeeChange, Change, DetailsChange};
use countmein::domain::digest::Digest;
use countmein::domain::event::EventId;
use countmein::domain::event_details::{Content, EventDetails, MAX_GUESTS, Title};
use countmein::domain::registration_details::RegistrationEdit;
use countmein::domain::signup::{AttendeeKey, Request};
use countmein::fanout::{EventPorts, add_to_digests};

use crate::memory::{Fault, Memory, contact_secret, signs_up, until_it_stands_still};
use crate::{DANCE, PEOPLE, start};

/// What somebody asks for.
#[derive(Debug, Clone)]
enum Ask {
    /// To come with guests, or to bring another number of them. The request is processed this many seconds late.
    SignUp {
        person: usize,
        guests: u8,
        late: u64,
    },
    Leave(usize),
    /// To leave and to come again, in one batch.
    Rejoin {
        person: usize,
        guests: u8,
    },
    /// That everything about a person is deleted.
    Remove(usize),
    /// Another number of places.
    Limit(Option<u32>),
    /// Many people come.
    Crowd(u8),
    /// They leave.
    CrowdLeaves,
}

/// How the feed delivers changes.
#[derive(Debug, Clone)]
struct Delivery {
    which: Which,
    workers: Workers,
    trouble: Trouble,
}

#[derive(Debug, Clone)]
enum Which {
    /// New ones, in the order of each attendee. The seed mixes the attendees.
    New { count: usize, seed: u64 },
    /// Those that were delivered before, from this part of them on.
    Old { part: f64, count: usize },
}

#[derive(Debug, Clone)]
enum Workers {
    One,
    /// Two take the same changes in, while people ask for more. The seed decides who is next.
    Two {
        seed: u64,
        meanwhile: Vec<Ask>,
    },
}

#[derive(Debug, Clone, Copy)]
enum Trouble {
    None,
    /// The workers crash after this many calls.
    Crash(usize),
    /// One call fails after this many others.
    Fail(usize, Fault),
}

#[derive(Debug, Clone)]
enum Step {
    Ask(Ask),
    Deliver(Delivery),
    /// The feed loses one of the changes that are new.
    Lose(usize),
    /// A function of an earlier version stores the digest.
    ForgetSeats,
    /// The organiser repairs the event.
    Recount,
    /// What is due is announced.
    Announce,
    Wait(u64),
}

struct World {
    memory: Memory,
    /// The changes that were delivered without an error, in this order.
    delivered: Vec<Change>,
    /// Whether the feed lost changes.
    has_lost: bool,
    /// About whom the news may be wrong.
    unsure: BTreeSet<NameKey>,
}

fn dance() -> EventId {
    EventId::parse(DANCE).unwrap()
}

impl World {
    fn new() -> Self {
        let memory = Memory::new(start());
        memory.state().inspect = Some(checks::inspect);
        Self { memory, delivered: Vec::new(), has_lost: false, unsure: BTreeSet::new() }
    }

    fn take(&mut self, step: &Step) {
        self.memory.advance(Duration::from_millis(1));
        match step {
            Step::Ask(ask) => self.ask(ask),
            Step::Deliver(delivery) => self.deliver(delivery),
            Step::Lose(at) => self.lose(*at),
            Step::ForgetSeats => self.rewrite(|digest| digest.seats = None),
            Step::Recount => self.recount(),
            Step::Announce => {
                until_it_stands_still(self.memory.announce(BackoffPolicy::default())).expect("nothing crashes");
            }
            Step::Wait(seconds) => self.memory.advance(Duration::from_secs(*seconds)),
        }
    }

    fn ask(&mut self, ask: &Ask) {
        self.note(ask);
        request(&self.memory, ask);
    }

    /// Remembers about whom the news may be wrong: their name may no longer be known, or they signed up before the limit and
    /// were processed after it.
    fn note(&mut self, ask: &Ask) {
        if let Ask::Remove(person) | Ask::SignUp { person, late: 1.., .. } = ask {
            self.unsure.insert(NameKey::of(PEOPLE[*person]).unwrap());
        }
    }

    /// Another process stores the digest.
    fn rewrite(&self, change: impl FnOnce(&mut Digest)) {
        if let Some(digest) = self.memory.state().digests.get_mut(&dance()) {
            change(digest);
            digest.version += 1;
        }
    }

    fn recount(&self) {
        self.rewrite(|digest| digest.seats.iter_mut().for_each(|seats| seats.begin_recount(false)));
    }

    fn lose(&mut self, at: usize) {
        let mut state = self.memory.state();
        let at = at % state.feed.len().max(1);
        let Some(lost) = state.feed.remove(at) else { return };
        self.has_lost = true;
        self.unsure.extend(lost.attendee().map(|change| change.key.name.clone()));
    }

    fn deliver(&mut self, delivery: &Delivery) {
        let batch = match delivery.which {
            Which::New { count, seed } => first_of(&mut self.memory.state().feed, count, seed),
            Which::Old { part, count } => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
                let from = (part * self.delivered.len() as f64) as usize;
                self.delivered[from..].iter().take(count).cloned().collect()
            }
        };
        if batch.is_empty() {
            return;
        }
        let (crash, fault) = match delivery.trouble {
            Trouble::None => (None, None),
            Trouble::Crash(calls) => (Some(calls), None),
            Trouble::Fail(calls, fault) => (None, Some((calls, fault))),
        };
        self.memory.crash_after(crash);
        self.memory.fail_after(fault);
        let is_done = match &delivery.workers {
            Workers::One => self.take_in(&batch),
            Workers::Two { seed, meanwhile } => self.take_in_twice(&batch, *seed, meanwhile),
        };
        self.memory.crash_after(None);
        self.memory.fail_after(None);
        if is_done && matches!(delivery.workers, Workers::One) {
            let unsettled = checks::unsettled(&self.memory);
            self.memory.state().problems.extend(unsettled);
        }
        match delivery.which {
            Which::New { .. } if is_done => self.delivered.extend(batch),
            Which::New { .. } => batch.into_iter().rev().for_each(|change| self.memory.state().feed.push_front(change)),
            Which::Old { .. } => {}
        }
    }

    /// Returns whether the changes were taken in.
    fn take_in(&self, batch: &[Change]) -> bool {
        until_it_stands_still(take_in(&self.memory, batch)).is_some_and(|is_done| is_done)
    }

    /// Returns whether at least one worker took the changes in.
    fn take_in_twice(&mut self, batch: &[Change], seed: u64, meanwhile: &[Ask]) -> bool {
        self.memory.state().takes_turns = true;
        self.memory.state().order = seed | 1;
        let (mut one, mut other) = (false, false);
        meanwhile.iter().for_each(|ask| self.note(ask));
        let memory = &self.memory;
        let asking = async {
            for ask in meanwhile {
                memory.step().await;
                memory.advance(Duration::from_millis(1));
                request(memory, ask);
            }
        };
        let workers = async {
            tokio::join!(
                async { one = take_in(memory, batch).await },
                async { other = take_in(memory, batch).await },
                asking,
            )
        };
        let _ = until_it_stands_still(workers);
        self.memory.state().takes_turns = false;
        one || other
    }

    /// Delivers everything without errors. If changes were lost, the organiser repairs the event.
    fn finish(&mut self) {
        let all = Delivery { which: Which::New { count: 100, seed: 0 }, workers: Workers::One, trouble: Trouble::None };
        while !self.memory.state().feed.is_empty() {
            self.deliver(&all);
        }
        if self.has_lost {
            self.recount();
        }
        // The repair, or an older change that is delivered again.
        let details = self.memory.state().details.get(&dance()).cloned();
        if let Some(details) = details {
            let again = DetailsChange { event: dance(), old: Some(details.clone()), new: Some(details) };
            assert!(self.take_in(&[Change::Details(again)]));
        }
    }

    /// Delivers a change of everybody that changes nothing.
    fn repeat_everybody(&self) {
        let attendees: Vec<Attendee> = self.memory.state().attendees.values().cloned().collect();
        let again = |attendee: Attendee| {
            let (old, new) = (Some(attendee.clone()), Some(attendee.clone()));
            Change::Attendee(AttendeeChange { key: attendee.key(), old, new })
        };
        let changes: Vec<Change> = attendees.into_iter().map(again).collect();
        assert!(changes.is_empty() || self.take_in(&changes));
    }
}

async fn take_in(memory: &Memory, batch: &[Change]) -> bool {
    let secret = contact_secret();
    let backoff = BackoffPolicy::default();
    add_to_digests(batch, EventPorts::of(memory, &secret), &backoff, memory.now()).await.is_ok()
}

/// Takes the next changes out of the feed: of each attendee in their order, but the attendees in any.
fn first_of(feed: &mut VecDeque<Change>, count: usize, seed: u64) -> Vec<Change> {
    let mut random = fastrand::Rng::with_seed(seed);
    let key = |change: &Change| change.attendee().map(|change| change.key.name.clone());
    let mut batch = Vec::new();
    while batch.len() < count && !feed.is_empty() {
        let at = if seed == 0 { 0 } else { random.usize(..feed.len()) };
        let wanted = key(&feed[at]);
        let first = feed.iter().position(|change| key(change) == wanted).expect("the feed has one of them");
        batch.extend(feed.remove(first));
    }
    batch
}

fn request(memory: &Memory, ask: &Ask) {
    match ask {
        Ask::SignUp { person, guests, late } => {
            let name = PEOPLE[*person];
            memory.request_all(DANCE, name, vec![signs_up_with(name, *guests)], Duration::from_secs(*late));
        }
        Ask::Leave(person) => {
            memory.request(DANCE, PEOPLE[*person], Request::Cancel);
        }
        Ask::Rejoin { person, guests } => {
            let name = PEOPLE[*person];
            let requests = vec![Request::Cancel, signs_up_with(name, *guests)];
            memory.request_all(DANCE, name, requests, Duration::ZERO);
        }
        Ask::Remove(person) => remove(memory, PEOPLE[*person]),
        Ask::Limit(places) => limit(memory, *places),
        Ask::Crowd(guests) => {
            for name in crowd() {
                memory.request_all(DANCE, &name, vec![signs_up_with(&name, *guests)], Duration::ZERO);
            }
        }
        Ask::CrowdLeaves => {
            for name in crowd() {
                memory.request(DANCE, &name, Request::Cancel);
            }
        }
    }
}

/// More people than one commit has seats.
fn crowd() -> impl Iterator<Item = String> {
    (0..40).map(|number| format!("Guest {number:02}"))
}

fn signs_up_with(name: &str, guests: u8) -> Request {
    let details = RegistrationEdit { guests: Some(guests), ..RegistrationEdit::default() };
    match signs_up(name) {
        Request::TrustedSignUp { contact, .. } => Request::TrustedSignUp { contact, details },
        other => other,
    }
}

fn remove(memory: &Memory, name: &str) {
    let mut state = memory.state();
    let key = AttendeeKey { event: dance(), name: NameKey::of(name).unwrap() };
    // Without details, the digest of an event without attendees expires at once, and its news with it.
    if !state.details.contains_key(&dance()) {
        return;
    }
    let Some(old) = state.attendees.remove(&key) else { return };
    state.feed.push_back(Change::Attendee(AttendeeChange { key, old: Some(old), new: None }));
}

fn limit(memory: &Memory, places: Option<u32>) {
    let now = memory.now();
    let mut state = memory.state();
    let old = state.details.get(&dance()).cloned();
    let content = Content { guests_per_signup: MAX_GUESTS, ..Content::titled(Title::parse(DANCE).unwrap()) };
    let mut new = old.clone().unwrap_or_else(|| EventDetails::new(dance(), content, now));
    new.content.capacity = places.map(|places| Capacity::try_from(places).unwrap());
    new = new.limited(now);
    new.version += 1;
    state.details.insert(dance(), new.clone());
    state.feed.push_back(Change::Details(DetailsChange { event: dance(), old, new: Some(new) }));
}
