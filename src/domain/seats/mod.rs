//! Who gets a place on an event whose places are limited.
//!
//! Parties get places in the order in which the event took their registrations in. Whenever places become free, the first
//! party on the waiting list that fits gets them, then the next one, until none fits. So a party of two does not keep a single
//! free place from others. Nobody who has a place loses it, also when there are fewer places than before.

mod round;
mod waiting_line;

pub use self::round::{
    Counted, Decided, Heads, Moved, WantedHeads, count_page, decide, earlier_movement, wanted_heads,
};
pub use self::waiting_line::{Section, WaitingLine};

use serde::{Deserialize, Serialize};

use crate::domain::attendee_name::NameKey;
use crate::domain::capacity::Capacity;
use crate::domain::seat::{Seat, Standing};
use crate::domain::timestamp::{Timestamp, millis};

/// Where the numbers of seats begin. A party that a host moves to the front gets a smaller number.
const FIRST_NUMBER: u64 = 1 << 32;

/// More numbers than one version of a digest gives to new seats.
const NUMBERS_PER_VERSION: u64 = 128;

/// The seats of one event, as far as a decision needs all of them. It is stored with the event's digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSeats {
    /// `None` if the number of places is no longer limited. Then everybody has a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// Since when the number of places is limited. Who signed up until then keeps their place.
    #[serde(with = "millis")]
    pub limited_since: Timestamp,
    /// The number of people who have a place: attendees and guests.
    pub taken: u64,
    /// The number of parties that have a place.
    pub parties: u64,
    /// How many parties of each size wait.
    #[serde(default)]
    waiting: Vec<(u8, u32)>,
    #[serde(default)]
    pub line: WaitingLine,
    /// The largest number of a seat so far.
    last_number: u64,
    /// The largest number of a seat that a host moved to the front.
    #[serde(default)]
    front_number: u64,
    /// The number of people who wait at the front.
    #[serde(default)]
    front_people: u64,
    /// Whether the seats are being counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recount: Option<Recount>,
}

/// How far all seats have been counted. Until the count is complete, no seat is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recount {
    /// The seats of all attendees up to this name are counted.
    Counting {
        after: Option<NameKey>,
        /// Whether attendees from before the limit get a seat, although there may be no place. They do when the event gets its
        /// first limit.
        seats_earlier: bool,
    },
    /// All seats are counted. Attendees without one get it now, in the order in which they signed up.
    Seating,
}

/// The numbers of an event whose places are limited, for whoever may see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatCounts {
    /// `None` if the number of places is no longer limited.
    pub capacity: Option<Capacity>,
    /// The number of people who have a place: attendees and guests.
    pub taken: u64,
    /// The number of parties that wait.
    pub waiting: u64,
}

impl EventSeats {
    /// The seats of an event on which nobody has one.
    pub fn new(capacity: impl Into<Option<Capacity>>, limited_since: Timestamp) -> Self {
        Self {
            capacity: capacity.into(),
            limited_since,
            taken: 0,
            parties: 0,
            waiting: Vec::new(),
            line: WaitingLine::default(),
            last_number: FIRST_NUMBER,
            front_number: 0,
            front_people: 0,
            recount: None,
        }
    }

    /// The seats of an event whose digest has had this number of versions. Earlier ones may have given numbers to seats, which are
    /// still to be counted.
    pub fn after_versions(versions: u64, limited_since: Timestamp) -> Self {
        let last_number = FIRST_NUMBER + versions * NUMBERS_PER_VERSION;
        Self { last_number, ..Self::new(None, limited_since) }
    }

    /// Returns the counts to show. `None` while the seats are being counted.
    pub fn complete_counts(&self) -> Option<SeatCounts> {
        let is_counting = matches!(self.recount, Some(Recount::Counting { .. }));
        (!is_counting).then(|| self.counts())
    }

    /// Returns the counts as far as the seats have been counted.
    pub fn counts(&self) -> SeatCounts {
        SeatCounts { capacity: self.capacity, taken: self.taken, waiting: self.line.len() }
    }

    /// Returns the number of free places. `None` if they are not limited.
    pub fn free(&self) -> Option<u64> {
        self.capacity.map(|capacity| u64::from(capacity.get()).saturating_sub(self.taken))
    }

    /// Returns whether this number of people fits.
    pub fn fits(&self, people: u8) -> bool {
        self.free().is_none_or(|free| u64::from(people) <= free)
    }

    /// The sizes of the parties that wait, and how many of each size there are.
    pub fn waiting(&self) -> &[(u8, u32)] {
        &self.waiting
    }

    /// Begins to count all seats. `seats_earlier` is explained at [`Recount::Counting`].
    pub fn begin_recount(&mut self, seats_earlier: bool) {
        (self.taken, self.parties, self.front_people) = (0, 0, 0);
        (self.waiting, self.line) = (Vec::new(), WaitingLine::default());
        self.recount = Some(Recount::Counting { after: None, seats_earlier });
    }

    /// Counts a seat that is stored already.
    pub fn count(&mut self, seat: &Seat) {
        self.last_number = self.last_number.max(seat.number);
        if is_at_front(seat) {
            self.front_number = self.front_number.max(seat.number);
        }
        self.add(seat);
    }

    /// Completes the count. `numbers` are those of all seats that wait, smallest first.
    pub fn end_counting(&mut self, numbers: &[u64]) {
        self.line = WaitingLine::of(numbers);
        self.recount = Some(Recount::Seating);
    }

    /// Moves a party that waits before all others, except those that were moved before. Returns its seat with the new number.
    pub fn move_to_front(&mut self, seat: &Seat) -> Seat {
        if is_at_front(seat) {
            return seat.clone();
        }
        self.front_number += 1;
        let moved = Seat { number: self.front_number, ..seat.clone() };
        self.take_out(seat);
        self.add(&moved);
        moved
    }

    /// Returns the number of places with which a party that waits has one when it is moved to the front. Those who are there
    /// already get theirs too.
    pub fn places_for(&self, seat: &Seat) -> u64 {
        let party = if is_at_front(seat) { 0 } else { u64::from(seat.party) };
        self.taken + self.front_people + party
    }

    /// Returns whether a recount will give a seat to an attendee with this name who is from before the limit.
    fn will_seat(&self, name: &NameKey) -> bool {
        matches!(&self.recount, Some(Recount::Counting { after, seats_earlier: true }) if after.as_ref() < Some(name))
    }

    /// Whether attendees from before the limit get a seat in any case.
    fn seats_earlier(&self) -> bool {
        matches!(&self.recount, Some(Recount::Counting { seats_earlier: true, .. }))
    }

    /// Returns the number of the next seat.
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn add(&mut self, seat: &Seat) {
        match seat.standing {
            Standing::Confirmed => {
                self.taken += u64::from(seat.party);
                self.parties += 1;
            }
            Standing::Waiting => {
                match self.waiting.binary_search_by_key(&seat.party, |(party, _)| *party) {
                    Ok(at) => self.waiting[at].1 += 1,
                    Err(at) => self.waiting.insert(at, (seat.party, 1)),
                }
                self.line.add(seat.number);
                if is_at_front(seat) {
                    self.front_people += u64::from(seat.party);
                }
            }
        }
    }

    fn take_out(&mut self, seat: &Seat) {
        match seat.standing {
            Standing::Confirmed => {
                self.taken = self.taken.saturating_sub(seat.party.into());
                self.parties = self.parties.saturating_sub(1);
            }
            Standing::Waiting => {
                if let Ok(at) = self.waiting.binary_search_by_key(&seat.party, |(party, _)| *party) {
                    self.waiting[at].1 -= 1;
                    if self.waiting[at].1 == 0 {
                        self.waiting.remove(at);
                    }
                }
                self.line.remove(seat.number);
                if is_at_front(seat) {
                    self.front_people = self.front_people.saturating_sub(seat.party.into());
                }
            }
        }
    }
}

/// Whether a host has moved the seat to the front of the line.
fn is_at_front(seat: &Seat) -> bool {
    seat.number < FIRST_NUMBER
}

#[cfg(test)]
mod tests;
