use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::domain::attendee::{Attendee, apply_all};
use crate::domain::attendee_name::AttendeeName;
use crate::domain::change::Movement;
use crate::domain::channel::Channel;
use crate::domain::event::Event;
use crate::domain::registration_details::RegistrationEdit;
use crate::domain::seat::{Party, Seat, SeatChange, Standing, party_of};
use crate::domain::signup::{AttendeeKey, Request, Signup, SignupId, Version};
use crate::seed;

/// An event in memory: its roster, and its seats as a backend stores them.
struct SeatedEvent {
    seats: EventSeats,
    roster: BTreeMap<NameKey, Attendee>,
    rows: BTreeMap<NameKey, Seat>,
    /// The names of those who joined and left, as announced.
    moved: Vec<(Movement, NameKey)>,
    requests: u64,
    limit: usize,
}

fn key(name: &str) -> NameKey {
    NameKey::of(name).unwrap()
}

fn capacity(places: u32) -> Capacity {
    Capacity::try_from(places).unwrap()
}

impl SeatedEvent {
    fn new(places: u32, limit: usize) -> Self {
        let seats = EventSeats::new(capacity(places), Timestamp::EARLIEST);
        let (roster, rows) = (BTreeMap::new(), BTreeMap::new());
        Self { seats, roster, rows, moved: Vec::new(), requests: 0, limit }
    }

    fn request(&mut self, name: &str, request: Request) {
        self.requests += 1;
        let at = Timestamp::EARLIEST.plus(Duration::from_secs(self.requests));
        let signup = Signup {
            version: Version { requested_at: at, id: SignupId::parse(&format!("{:09}", self.requests)).unwrap() },
            event: Event::parse("Dance").unwrap(),
            name: AttendeeName::parse(name).unwrap(),
            channel: Channel::Queue,
            network: None,
            request,
        };
        if let Some(attendee) = apply_all(self.roster.get(&key(name)), &[signup], at).0 {
            self.roster.insert(key(name), attendee);
        }
    }

    fn sign_up(&mut self, name: &str, guests: u8) {
        let details = RegistrationEdit { guests: Some(guests), ..RegistrationEdit::default() };
        self.request(name, Request::TrustedSignUp { contact: None, details });
    }

    fn party(&self, name: &NameKey) -> Party {
        let event = Event::parse("Dance").unwrap().id().clone();
        let (attendee, seat) = (self.roster.get(name).cloned(), self.rows.get(name).cloned());
        Party { key: AttendeeKey { event, name: name.clone() }, attendee, seat }
    }

    /// Takes the changes of these attendees in, in as many rounds as necessary.
    fn take_in(&mut self, names: &[NameKey]) {
        let mut left = names;
        for _ in 0..10_000 {
            let parties: Vec<Party> = left.iter().map(|name| self.party(name)).collect();
            let mut heads = Heads::default();
            for wanted in wanted_heads(&self.seats, &parties, self.limit) {
                let of_size = self.rows.values().filter(|seat| seat.is_waiting() && seat.party == wanted.size);
                let mut of_size: Vec<Party> = of_size.map(|seat| self.party(&seat.attendee.name)).collect();
                of_size.sort_by_key(|party| party.seat.as_ref().map(|seat| seat.number));
                of_size.truncate(wanted.limit);
                heads.add(wanted, of_size);
            }
            let decided = decide(&mut self.seats, &parties, heads, self.limit);
            assert!(decided.changes.iter().map(SeatChange::writes).sum::<usize>() <= self.limit);
            self.store(&decided.changes);
            self.moved.extend(decided.moved.into_iter().map(|moved| (moved.movement, moved.key.name)));
            left = &left[decided.taken_in..];
            if decided.is_settled {
                return;
            }
        }
        panic!("it never settles: {:?}", self.seats);
    }

    fn store(&mut self, changes: &[SeatChange]) {
        for change in changes {
            let name = change.new.as_ref().or(change.old.as_ref()).unwrap().attendee.name.clone();
            assert_eq!(self.rows.get(&name), change.old.as_ref());
            match &change.new {
                Some(seat) => drop(self.rows.insert(name, seat.clone())),
                None => drop(self.rows.remove(&name)),
            }
        }
    }

    fn recount(&mut self, seats_earlier: bool) {
        self.seats.begin_recount(seats_earlier);
        let names: BTreeSet<NameKey> = self.roster.keys().chain(self.rows.keys()).cloned().collect();
        for name in &names {
            let party = self.party(name);
            let changes = count_page(&mut self.seats, &[party]).changes;
            self.store(&changes);
        }
        let mut numbers: Vec<u64> =
            self.rows.values().filter(|seat| seat.is_waiting()).map(|seat| seat.number).collect();
        numbers.sort_unstable();
        self.seats.end_counting(&numbers);
        let mut unseated: Vec<NameKey> = names.into_iter().filter(|name| !self.rows.contains_key(name)).collect();
        unseated.sort_by_key(|name| self.roster[name].registration().map(|registration| registration.since));
        self.take_in(&unseated);
        self.seats.recount = None;
    }

    /// Those with this standing in the order of their numbers, such as `Ana+2`.
    fn list(&self, standing: Standing) -> Vec<String> {
        let mut seats: Vec<&Seat> = self.rows.values().filter(|seat| seat.standing == standing).collect();
        seats.sort_by_key(|seat| seat.number);
        let described = |seat: &&Seat| match seat.party {
            1 => self.roster[&seat.attendee.name].name.to_string(),
            size => format!("{}+{}", self.roster[&seat.attendee.name].name, size - 1),
        };
        seats.iter().map(described).collect()
    }

    fn check_totals(&self) {
        let confirmed = || self.rows.values().filter(|seat| !seat.is_waiting());
        assert_eq!(self.seats.taken, confirmed().map(|seat| u64::from(seat.party)).sum::<u64>());
        assert_eq!(self.seats.parties, confirmed().count() as u64);
        assert_eq!(self.seats.counts().waiting, (self.rows.len() - confirmed().count()) as u64);
    }
}

fn split(name: &str) -> (&str, u8) {
    name.split_once('+').map_or((name, 0), |(name, guests)| (name, guests.parse().unwrap()))
}

/// The table of examples in the documentation.
#[test]
fn worked_examples() {
    let docs = include_str!("../../../docs/seats.md");
    let rows: Vec<Vec<&str>> = docs
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| #"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 20);
    let list =
        |cell: &str| -> Vec<String> { cell.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect() };
    for row in rows {
        let [number, places, confirmed, waiting, steps, confirmed_then, waiting_then] = row[..] else {
            panic!("{row:?}")
        };
        let mut event = SeatedEvent::new(places.parse().unwrap(), 50);
        for name in list(confirmed).iter().chain(&list(waiting)) {
            let (name, guests) = split(name);
            event.sign_up(name, guests);
            event.take_in(&[key(name)]);
        }
        assert_eq!((event.list(Standing::Confirmed), event.list(Standing::Waiting)), (list(confirmed), list(waiting)));
        for step in steps.split(", ") {
            let words: Vec<&str> = step.split(' ').collect();
            match words[..] {
                ["the", "host", "sets", places, _] => event.seats.capacity = Some(capacity(places.parse().unwrap())),
                ["the", "host", "removes", "the", "limit"] => event.seats.capacity = None,
                [name, "leaves"] => event.request(name, Request::Cancel),
                [name, "signs", "up"] => event.sign_up(split(name).0, split(name).1),
                [name, "brings", guests, _] => event.sign_up(name, guests.parse().unwrap()),
                _ => panic!("{step}"),
            }
            event.take_in(&[key(split(words[0]).0)]);
        }
        let then = (event.list(Standing::Confirmed), event.list(Standing::Waiting));
        let mut expected = (list(confirmed_then), list(waiting_then));
        // A party keeps its number when it gets a place, so the order of those who have one is the one of the sign-ups.
        expected.0.sort();
        assert_eq!((sorted(then.0), then.1), expected, "example {number}");
        event.check_totals();
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

/// The rules in their simplest form: one list, read from its beginning.
#[derive(Default)]
struct Model {
    capacity: Option<u64>,
    /// In the order in which they were taken in.
    parties: Vec<(NameKey, u64, bool)>,
}

impl Model {
    fn free(&self) -> u64 {
        let taken: u64 = self.parties.iter().filter(|(_, _, has_place)| *has_place).map(|(_, size, _)| size).sum();
        self.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(taken))
    }

    fn promote(&mut self) {
        for at in 0..self.parties.len() {
            if !self.parties[at].2 && self.parties[at].1 <= self.free() {
                self.parties[at].2 = true;
            }
        }
    }

    fn take_in(&mut self, name: &NameKey, size: Option<u64>, is_new: bool) {
        if size.is_none() || is_new {
            self.parties.retain(|(other, _, _)| other != name);
            self.promote();
        }
        let free = self.free();
        match (size, self.parties.iter_mut().find(|(other, _, _)| other == name)) {
            (Some(size), Some((_, old, has_place))) => {
                if !*has_place || size <= old.saturating_add(free) {
                    *old = size;
                }
            }
            (Some(size), None) => self.parties.push((name.clone(), size, false)),
            (None, _) => {}
        }
        self.promote();
    }
}

#[test]
fn random_histories_match_the_model() {
    let mut random = seed::rng();
    for history in 0..1_000 {
        // An attendee is read as they are now. So if several changes are taken in together, somebody on the waiting list may
        // get a place with a number of guests of which the change is taken in later.
        let is_exact = history % 2 == 0;
        let mut event = SeatedEvent::new(random.u32(1..12), random.usize(3..12));
        let mut model =
            Model { capacity: event.seats.capacity.map(|capacity| capacity.get().into()), ..Model::default() };
        let names: Vec<String> = (0..random.usize(2..16)).map(|number| format!("p{number}")).collect();
        let mut registrations: BTreeMap<NameKey, SignupId> = BTreeMap::new();
        for _ in 0..random.usize(1..60) {
            match random.u8(..20) {
                0 => event.seats.capacity = Some(capacity(random.u32(1..14))),
                1 if random.u8(..4) == 0 => event.seats.capacity = None,
                2 => {
                    let before = event.seats.clone();
                    event.recount(false);
                    assert_eq!(EventSeats { line: before.line.clone(), ..event.seats.clone() }, before);
                    assert_eq!(event.seats.line.len(), before.line.len());
                }
                _ => {}
            }
            model.capacity = event.seats.capacity.map(|capacity| capacity.get().into());
            if is_exact {
                event.take_in(&[]);
            }
            let (mut changed, before) = (Vec::new(), event.rows.clone());
            for _ in 0..if is_exact { 1 } else { random.usize(1..5) } {
                let name = &names[random.usize(..names.len())];
                if changed.contains(&key(name)) {
                    continue;
                }
                match random.u8(..3) {
                    0 => event.request(name, Request::Cancel),
                    _ => event.sign_up(name, random.u8(..4)),
                }
                changed.push(key(name));
            }
            model.promote();
            event.take_in(&changed);
            for name in &changed {
                let registration = event.roster.get(name).and_then(Attendee::registration);
                let size = registration.map(|registration| u64::from(party_of(registration)));
                let owner = registration.map(|registration| registration.owner.clone());
                let is_new = owner != registrations.get(name).cloned();
                match owner {
                    Some(owner) => drop(registrations.insert(name.clone(), owner)),
                    None => drop(registrations.remove(name)),
                }
                model.take_in(name, size, is_new);
            }
            let mut rows: Vec<&Seat> = event.rows.values().collect();
            rows.sort_by_key(|seat| seat.number);
            let found: Vec<(NameKey, u64, bool)> = rows
                .iter()
                .map(|seat| (seat.attendee.name.clone(), u64::from(seat.party), !seat.is_waiting()))
                .collect();
            if is_exact {
                assert_eq!(found, model.parties, "{:?}", event.seats);
            }
            event.check_totals();
            let waiting = event.rows.values().filter(|seat| seat.is_waiting());
            assert_eq!(waiting.filter(|seat| event.seats.fits(seat.party)).count(), 0, "somebody waits who fits");
            for (name, seat) in before.iter().filter(|(_, seat)| !seat.is_waiting()) {
                let is_in = registrations.get(name) == Some(&seat.owner);
                assert!(!is_in || !event.rows[name].is_waiting(), "{name:?} lost a place");
            }
            let had_place: u64 =
                before.values().filter(|seat| !seat.is_waiting()).map(|seat| u64::from(seat.party)).sum();
            let places = event.seats.capacity.map_or(u64::MAX, |capacity| capacity.get().into());
            assert!(event.seats.taken <= places.max(had_place), "too many have a place");
            // What was announced says who has a place.
            let mut has_place: BTreeMap<&NameKey, bool> = BTreeMap::new();
            for (movement, name) in &event.moved {
                let before = has_place.insert(name, *movement == Movement::Joined);
                assert_ne!(before, Some(*movement == Movement::Joined), "{name:?} twice");
            }
            let announced: Vec<&NameKey> =
                has_place.into_iter().filter(|(_, is_in)| *is_in).map(|(name, _)| name).collect();
            let confirmed: Vec<&NameKey> =
                event.rows.iter().filter(|(_, seat)| !seat.is_waiting()).map(|(name, _)| name).collect();
            assert_eq!(announced, confirmed);
        }
    }
}

#[test]
fn who_signed_up_before_the_limit_keeps_their_place() {
    let mut event = SeatedEvent::new(2, 6);
    for name in ["Ana", "Ben", "Cleo", "Dora"] {
        event.sign_up(name, 0);
    }
    event.seats.limited_since = Timestamp::EARLIEST.plus(Duration::from_secs(3));
    let mut again = SeatedEvent { roster: event.roster.clone(), ..SeatedEvent::new(2, 6) };
    again.seats.limited_since = event.seats.limited_since;
    again.recount(false);
    assert_eq!(again.list(Standing::Confirmed), ["Ana", "Ben"], "a later recount gives no place beyond the limit");
    event.recount(true);
    assert_eq!(event.list(Standing::Confirmed), ["Ana", "Ben", "Cleo"]);
    assert_eq!(event.list(Standing::Waiting), ["Dora"]);
    assert_eq!(event.moved, [], "they were announced when they signed up");
    event.check_totals();
}

#[test]
fn lost_totals_are_counted_again() {
    let mut event = SeatedEvent::new(3, 50);
    for (name, guests) in [("Ana", 1), ("Ben", 0), ("Cleo", 1), ("Dora", 0)] {
        event.sign_up(name, guests);
        event.take_in(&[key(name)]);
    }
    let before = event.seats.clone();
    event.seats = EventSeats::new(capacity(3), Timestamp::EARLIEST);
    // Nobody took these changes in.
    event.request("Ben", Request::Cancel);
    event.sign_up("Emil", 0);
    event.recount(false);
    assert_eq!(event.list(Standing::Confirmed), ["Ana+1", "Dora"]);
    assert_eq!(event.list(Standing::Waiting), ["Cleo+1", "Emil"]);
    assert!(event.seats.last_number > before.last_number);
    event.check_totals();
}

#[test]
fn who_is_moved_to_the_front_comes_after_those_who_were_moved_before() {
    let mut event = SeatedEvent::new(1, 50);
    for (name, guests) in [("Ana", 0), ("Ben", 0), ("Cleo", 1), ("Dora", 0)] {
        event.sign_up(name, guests);
        event.take_in(&[key(name)]);
    }
    for (name, places) in [("Dora", 2), ("Cleo", 4), ("Dora", 4)] {
        let seat = event.rows[&key(name)].clone();
        assert_eq!(event.seats.places_for(&seat), places, "{name}");
        let moved = event.seats.move_to_front(&seat);
        event.rows.insert(key(name), moved);
    }
    assert_eq!(event.list(Standing::Waiting), ["Dora", "Cleo+1", "Ben"]);
    event.recount(false);
    assert_eq!(event.seats.places_for(&event.rows[&key("Ben")]), 5);
    event.seats.capacity = Some(capacity(4));
    event.take_in(&[]);
    assert_eq!(event.list(Standing::Waiting), ["Ben"]);
    event.check_totals();
}
