//! A seat: whether a party, which is an attendee with their guests, has a place on an event, or waits for one.

use strum::{EnumString, IntoStaticStr};

use crate::domain::attendee::Attendee;
use crate::domain::registration::{Registration, RegistrationKey};
use crate::domain::signup::{AttendeeKey, SignupId};
use crate::domain::timestamp::Timestamp;

/// The seat of one registration on an event whose places are limited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    pub attendee: AttendeeKey,
    /// The sign-up that began the registration.
    pub owner: SignupId,
    /// When that sign-up was requested. Other publishers may reuse the id.
    pub since: Timestamp,
    /// The number of people who have or want a place together: 1 to 51.
    pub party: u8,
    pub standing: Standing,
    /// The order in which the event took the registrations in. No two seats of an event have the same number.
    pub number: u64,
}

/// Whether a party has a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Standing {
    /// It has a place.
    Confirmed,
    /// It is on the waiting list.
    Waiting,
}

/// What a party learns about its seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatNews {
    /// It has a place.
    Confirmed,
    /// It is on the waiting list, as number `position`, from 1.
    Waiting { position: u64 },
}

/// One write to a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatChange {
    /// `None` if the seat was created.
    pub old: Option<Seat>,
    /// `None` if the seat was deleted.
    pub new: Option<Seat>,
}

impl Seat {
    /// Returns whether this is the seat of the registration.
    pub fn is_of(&self, registration: &Registration) -> bool {
        self.owner == registration.owner && self.since == registration.since
    }

    pub fn is_waiting(&self) -> bool {
        self.standing == Standing::Waiting
    }

    pub fn registration(&self) -> RegistrationKey {
        RegistrationKey { attendee: self.attendee.clone(), owner: self.owner.clone() }
    }
}

impl SeatNews {
    pub fn standing(self) -> Standing {
        match self {
            Self::Confirmed => Standing::Confirmed,
            Self::Waiting { .. } => Standing::Waiting,
        }
    }

    /// The number on the waiting list. `None` if the party has a place.
    pub fn position(self) -> Option<u64> {
        match self {
            Self::Confirmed => None,
            Self::Waiting { position } => Some(position),
        }
    }
}

impl Standing {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The most that [`SeatChange::writes`] returns.
pub const MAX_WRITES_OF_CHANGE: usize = 3;

impl SeatChange {
    /// Returns the number of records that change: the seat, and its places on the waiting list before and after the change.
    pub fn writes(&self) -> usize {
        let on_list =
            |seat: &Option<Seat>| seat.as_ref().filter(|seat| seat.is_waiting()).map(|seat| (seat.party, seat.number));
        let (old, new) = (on_list(&self.old), on_list(&self.new));
        1 + usize::from(old.is_some() && old != new) + usize::from(new.is_some() && old != new)
    }

    /// Returns the seat if its attendee learns something from the change: they have to wait, or waited and have a place now.
    pub fn news(&self) -> Option<&Seat> {
        let new = self.new.as_ref()?;
        let is_same = |old: &&Seat| old.owner == new.owner && old.since == new.since;
        let old = self.old.as_ref().filter(is_same).map(|old| old.standing);
        match (old, new.standing) {
            (None, Standing::Waiting) | (Some(Standing::Waiting), Standing::Confirmed) => Some(new),
            (None | Some(Standing::Confirmed), _) | (Some(Standing::Waiting), Standing::Waiting) => None,
        }
    }
}

/// The number of people whom a registration needs places for.
pub fn party_of(registration: &Registration) -> u8 {
    registration.details.guests.saturating_add(1)
}

/// An attendee, as stored now, with their seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub key: AttendeeKey,
    /// `None` if there is no such attendee.
    pub attendee: Option<Attendee>,
    pub seat: Option<Seat>,
}

impl Party {
    /// Returns the attendee's current registration. `None` if they are not on the roster.
    pub fn registration(&self) -> Option<&Registration> {
        self.attendee.as_ref()?.registration()
    }
}
