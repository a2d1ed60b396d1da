//! One round of decisions: pure, so that every backend decides alike.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::change::{AttendeeChange, Movement};
use crate::domain::registration::Registration;
use crate::domain::seat::{MAX_WRITES_OF_CHANGE, Party, Seat, SeatChange, Standing, party_of};
use crate::domain::seats::EventSeats;
use crate::domain::signup::AttendeeKey;

/// What a round decided. The changed seats must be stored together with the event's [`EventSeats`]: all or nothing.
#[derive(Debug, Default)]
pub struct Decided {
    pub changes: Vec<SeatChange>,
    /// Who got a place and who gave one back, in this order.
    pub moved: Vec<Moved>,
    /// How many of the parties were taken in, from the first one on.
    pub taken_in: usize,
    /// Whether nothing is left to decide. Otherwise another round must follow.
    pub is_settled: bool,
}

/// Somebody got a place or gave it back.
#[derive(Debug)]
pub struct Moved {
    pub movement: Movement,
    pub key: AttendeeKey,
    /// As stored now. `None` if the attendee was removed.
    pub attendee: Option<Attendee>,
}

impl Moved {
    fn new(movement: Movement, party: &Party) -> Self {
        Self { movement, key: party.key.clone(), attendee: party.attendee.clone() }
    }
}

/// Which parties a round may need from the waiting list: the first ones of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedHeads {
    pub size: u8,
    pub limit: usize,
    /// Whether no more of this size wait.
    is_all: bool,
}

/// The first parties on the waiting list, for each size that a round may need.
#[derive(Debug, Default)]
pub struct Heads {
    sizes: BTreeMap<u8, Size>,
}

/// The first parties of one size, by their numbers.
#[derive(Debug)]
struct Size {
    parties: VecDeque<Party>,
    /// Whether these are all of this size.
    is_complete: bool,
}

impl Heads {
    /// Adds the parties that were read.
    pub fn add(&mut self, wanted: WantedHeads, parties: Vec<Party>) {
        let is_complete = wanted.is_all || parties.len() < wanted.limit;
        self.sizes.insert(wanted.size, Size { parties: parties.into(), is_complete });
    }

    /// Whether the next party of this size is unknown.
    fn is_unknown(&self, size: u8) -> bool {
        self.sizes.get(&size).is_none_or(|size| size.parties.is_empty() && !size.is_complete)
    }

    fn push(&mut self, size: u8, party: Party) {
        let number = |party: &Party| party.seat.as_ref().map(|seat| seat.number);
        // The place of a party among those that were not read is unknown.
        let is_known = |size: &&mut Size| {
            size.is_complete || size.parties.back().is_some_and(|last| number(&party) < number(last))
        };
        let Some(size) = self.sizes.get_mut(&size).filter(is_known) else { return };
        let at = size.parties.partition_point(|other| number(other) < number(&party));
        size.parties.insert(at, party);
    }

    fn remove(&mut self, size: u8, name: &NameKey) {
        if let Some(size) = self.sizes.get_mut(&size) {
            size.parties.retain(|party| party.key.name != *name);
        }
    }
}

/// Decides about the parties in their order, as far as it takes at most `limit` [writes](SeatChange::writes).
///
/// Places that are free go to the waiting list first: the next party is taken in only when nobody fits who waits.
pub fn decide(seats: &mut EventSeats, parties: &[Party], heads: Heads, limit: usize) -> Decided {
    let mut round = Round { seats, heads, rows: BTreeMap::new(), moved: Vec::new(), limit };
    round.promote();
    let mut taken_in = 0;
    for party in parties {
        if !round.is_settled() || !round.has_room() || !round.take_in(party) {
            break;
        }
        round.promote();
        taken_in += 1;
    }
    let is_settled = taken_in == parties.len() && round.is_settled();
    let Round { rows, moved, .. } = round;
    let changes = rows.into_values().filter(|row| row.old != row.new).collect();
    Decided { changes, moved, taken_in, is_settled }
}

/// Returns which parties a round may need from the waiting list.
pub fn wanted_heads(seats: &EventSeats, parties: &[Party], limit: usize) -> Vec<WantedHeads> {
    let freed: u64 = parties.iter().map(freed_by).sum();
    let free = seats.free().map(|free| free + freed);
    let of_size = |&(size, count): &(u8, u32)| {
        let places = free.map_or(u64::MAX, |free| free / u64::from(size));
        let wanted = usize::try_from(places.min(count.into())).unwrap_or(usize::MAX).min(limit);
        let is_all = u32::try_from(wanted) == Ok(count);
        (wanted > 0).then_some(WantedHeads { size, limit: wanted, is_all })
    };
    seats.waiting().iter().filter_map(of_size).collect()
}

/// The number of places that a party gives back.
fn freed_by(party: &Party) -> u64 {
    let Some(seat) = party.seat.as_ref().filter(|seat| !seat.is_waiting()) else { return 0 };
    match party.registration().filter(|registration| seat.is_of(registration)) {
        Some(registration) => seat.party.saturating_sub(party_of(registration)).into(),
        None => seat.party.into(),
    }
}

/// The result of counting a page of seats. The changed seats must be stored together with the event's [`EventSeats`].
#[derive(Debug, Default)]
pub struct Counted {
    pub changes: Vec<SeatChange>,
    /// Who gave a place back.
    pub moved: Vec<Moved>,
}

/// Counts a page of seats for a [recount](super::Recount::Counting): those of the parties, which come in the order of their names.
/// Attendees from before the first limit get a seat.
pub fn count_page(seats: &mut EventSeats, parties: &[Party]) -> Counted {
    let mut counted = Counted::default();
    for party in parties {
        let (registration, old) = (party.registration(), party.seat.clone());
        let new = match (registration, &old) {
            (Some(registration), Some(seat)) if seat.is_of(registration) => {
                let size = party_of(registration);
                // More guests of a party that has a place need places, which are not counted yet.
                Some(Seat { party: if seat.is_waiting() { size } else { seat.party.min(size) }, ..seat.clone() })
            }
            (Some(registration), _) if seats.seats_earlier() && registration.since <= seats.limited_since => {
                Some(new_seat(seats, &party.key, registration, Standing::Confirmed))
            }
            (Some(_) | None, _) => None,
        };
        new.iter().for_each(|seat| seats.count(seat));
        if new.is_none() && old.as_ref().is_some_and(|old| !old.is_waiting()) {
            counted.moved.push(Moved::new(Movement::Left, party));
        }
        if old != new {
            counted.changes.push(SeatChange { old, new });
        }
    }
    counted
}

/// Returns how an attendee moved if a change is news although no seat changes: registrations from before the limit are announced
/// by their changes, because they get their seats silently. `party` is the attendee as stored now.
pub fn earlier_movement(seats: &EventSeats, change: &AttendeeChange, party: &Party) -> Option<Movement> {
    let is_earlier = |registration: &&Registration| registration.since <= seats.limited_since;
    let old = change.old.as_ref().and_then(Attendee::registration).filter(is_earlier);
    let new = change.new.as_ref().and_then(Attendee::registration);
    let place = party.seat.as_ref().filter(|seat| !seat.is_waiting());
    match (old, new) {
        // The registration goes on, or the next one is from before the limit too.
        (Some(_), Some(new)) if is_earlier(&new) => None,
        (Some(ended), _) => {
            // Who has a place gives it back, or has come back since.
            let has_waited = party.seat.as_ref().is_some_and(|seat| seat.is_of(ended));
            (place.is_none() && !has_waited).then_some(Movement::Left)
        }
        (None, new) => {
            new.filter(is_earlier)?;
            let current = party.registration().filter(is_earlier)?;
            let has_place = place.is_some_and(|seat| seat.is_of(current)) || seats.will_seat(&party.key.name);
            has_place.then_some(Movement::Joined)
        }
    }
}

fn new_seat(seats: &mut EventSeats, attendee: &AttendeeKey, registration: &Registration, standing: Standing) -> Seat {
    Seat {
        attendee: attendee.clone(),
        owner: registration.owner.clone(),
        since: registration.since,
        party: party_of(registration),
        standing,
        number: seats.next_number(),
    }
}

/// A round that is under way.
struct Round<'a> {
    seats: &'a mut EventSeats,
    heads: Heads,
    /// The seats that were changed, as they were before and as they are now.
    rows: BTreeMap<NameKey, SeatChange>,
    moved: Vec<Moved>,
    limit: usize,
}

impl Round<'_> {
    /// Whether another seat may change.
    fn has_room(&self) -> bool {
        let writes: usize = self.rows.values().map(SeatChange::writes).sum();
        writes + MAX_WRITES_OF_CHANGE <= self.limit
    }

    /// Whether nobody fits who waits.
    fn is_settled(&self) -> bool {
        let may_fit = |(size, _): &(u8, u32)| {
            let next = self.heads.sizes.get(size);
            self.seats.fits(*size) && next.is_none_or(|next| !next.parties.is_empty() || !next.is_complete)
        };
        !self.seats.waiting().iter().any(may_fit)
    }

    /// Gives free places to those who wait, one after the other, as far as each fits.
    fn promote(&mut self) {
        while self.has_room()
            && let Some(head) = self.next_that_fits()
        {
            let Some(seat) = self.current(&head) else { continue };
            match head.registration().filter(|registration| seat.is_of(registration)).map(party_of) {
                Some(size) if size == seat.party => self.confirm(&head, seat),
                // The number of guests has changed since.
                Some(size) => self.resize(&head, seat, size),
                // Who left, or came back with a new registration, is no longer in line with this one.
                None => self.store(&head.key, Some(seat), None),
            }
        }
    }

    /// Takes the party with the smallest number out of the heads that fit. `None` if there is none, or if it is not known.
    fn next_that_fits(&mut self) -> Option<Party> {
        let fitting = self.seats.waiting().iter().map(|(size, _)| *size).filter(|size| self.seats.fits(*size));
        let fitting: Vec<u8> = fitting.collect();
        if fitting.iter().any(|size| self.heads.is_unknown(*size)) {
            return None;
        }
        let number = |size: &u8| self.heads.sizes.get(size)?.parties.front()?.seat.as_ref().map(|seat| seat.number);
        let first = fitting.into_iter().filter(|size| number(size).is_some()).min_by_key(number)?;
        self.heads.sizes.get_mut(&first)?.parties.pop_front()
    }

    /// Takes in what is stored about a party. Returns `false` if this must wait for the next round.
    fn take_in(&mut self, party: &Party) -> bool {
        let seat = self.current(party);
        if let (Some(registration), Some(seat)) = (party.registration(), &seat)
            && seat.is_of(registration)
        {
            self.resize(party, seat.clone(), party_of(registration));
            return true;
        }
        if let Some(seat) = seat {
            self.release(party, seat);
            self.promote();
        }
        let Some(registration) = party.registration() else { return true };
        if !self.is_settled() {
            return false;
        }
        let standing = if self.seats.fits(party_of(registration)) { Standing::Confirmed } else { Standing::Waiting };
        let seat = new_seat(self.seats, &party.key, registration, standing);
        self.store(&party.key, None, Some(seat.clone()));
        match standing {
            Standing::Confirmed => self.record(Movement::Joined, party),
            Standing::Waiting => self.heads.push(seat.party, Party { seat: Some(seat), ..party.clone() }),
        }
        true
    }

    /// Changes the number of people of a party. If a party that has a place would become too large for the free ones, its
    /// number stays.
    fn resize(&mut self, party: &Party, seat: Seat, size: u8) {
        let resized = Seat { party: size, ..seat.clone() };
        match seat.standing {
            Standing::Waiting => {
                self.heads.remove(seat.party, &party.key.name);
                self.store(&party.key, Some(seat), Some(resized.clone()));
                // Nobody before this party fits.
                if self.seats.fits(size) {
                    self.confirm(party, resized);
                } else {
                    self.heads.push(size, Party { seat: Some(resized), ..party.clone() });
                }
            }
            Standing::Confirmed if size <= seat.party || self.seats.fits(size - seat.party) => {
                self.store(&party.key, Some(seat), Some(resized));
            }
            Standing::Confirmed => {}
        }
    }

    fn confirm(&mut self, party: &Party, seat: Seat) {
        self.heads.remove(seat.party, &party.key.name);
        let confirmed = Seat { standing: Standing::Confirmed, ..seat.clone() };
        self.store(&party.key, Some(seat), Some(confirmed));
        self.record(Movement::Joined, party);
    }

    fn release(&mut self, party: &Party, seat: Seat) {
        if seat.is_waiting() {
            self.heads.remove(seat.party, &party.key.name);
        } else {
            self.record(Movement::Left, party);
        }
        self.store(&party.key, Some(seat), None);
    }

    fn record(&mut self, movement: Movement, party: &Party) {
        self.moved.push(Moved::new(movement, party));
    }

    /// The seat of a party as it is now.
    fn current(&self, party: &Party) -> Option<Seat> {
        match self.rows.get(&party.key.name) {
            Some(row) => row.new.clone(),
            None => party.seat.clone(),
        }
    }

    fn store(&mut self, key: &AttendeeKey, old: Option<Seat>, new: Option<Seat>) {
        old.iter().for_each(|seat| self.seats.take_out(seat));
        new.iter().for_each(|seat| self.seats.add(seat));
        let row = self.rows.entry(key.name.clone()).or_insert(SeatChange { old, new: None });
        row.new = new;
    }
}
