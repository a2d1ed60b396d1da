//! Stores the seats of events whose places are limited.

use std::ops::Range;

use async_trait::async_trait;

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::new_event_id::for_log;
use crate::domain::seat::{Party, Seat, SeatChange};
use crate::domain::seats::{EventSeats, Section};
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Unavailable, Write};

/// The maximum number of [writes](SeatChange::writes) of one [`Seats::commit`]. DynamoDB writes at most 100 items together, one of
/// which is the digest.
pub const MAX_SEAT_WRITES: usize = 99;

/// One page of the parties of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyPage {
    /// A damaged seat counts as none.
    pub parties: Vec<Party>,
    /// Those of the parties whose seat is damaged.
    pub damaged_seats: Vec<AttendeeKey>,
    /// The seats of attendees whose records are damaged.
    pub of_damaged: Vec<Seat>,
    /// The name after which the next page begins. `None` on the last page.
    pub next: Option<NameKey>,
}

/// An attendee with their seat, as far as they can be read. The errors say what is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredParty {
    pub key: AttendeeKey,
    pub attendee: Result<Option<Attendee>, String>,
    pub seat: Result<Option<Seat>, String>,
}

impl StoredParty {
    /// Returns `None` if the attendee or the seat is damaged. Others can be decided about.
    pub fn undamaged(self) -> Option<Party> {
        let Self { key, attendee, seat } = self;
        match (attendee, seat) {
            (Ok(attendee), Ok(seat)) => Some(Party { key, attendee, seat }),
            (Err(cause), _) | (_, Err(cause)) => {
                tracing::error!(event.id = for_log(&key.event), cause, "damaged attendee or seat left out");
                None
            }
        }
    }

    /// Whether this is a party that waits.
    pub fn is_waiting(&self) -> bool {
        matches!(&self.seat, Ok(Some(seat)) if seat.is_waiting())
    }
}

impl PartyPage {
    pub fn of(stored: Vec<StoredParty>, next: Option<NameKey>) -> Self {
        let (mut parties, mut damaged_seats, mut of_damaged) =
            (Vec::with_capacity(stored.len()), Vec::new(), Vec::new());
        for StoredParty { key, attendee, seat } in stored {
            match (attendee, seat) {
                (Ok(attendee), seat) => {
                    damaged_seats.extend(seat.is_err().then(|| key.clone()));
                    parties.push(Party { key, attendee, seat: seat.ok().flatten() });
                }
                (Err(_), seat) => of_damaged.extend(seat.ok().flatten()),
            }
        }
        Self { parties, damaged_seats, of_damaged, next }
    }
}

/// Stores the seats of events whose places are limited. All of an event's seats are changed together with its digest only, so
/// its version protects them too.
#[async_trait]
pub trait Seats: Send + Sync {
    /// Returns the seats of attendees, in the same order.
    async fn seats(&self, attendees: &[AttendeeKey]) -> Result<Vec<Option<Seat>>, Unavailable>;

    /// Returns the seats of attendees with names from `first` to `last`, sorted by folded name. They may be a moment behind. Of a
    /// page of the roster, they cost much less than [single ones](Seats::seats).
    async fn seats_between(&self, event: &EventId, first: &NameKey, last: &NameKey) -> Result<Vec<Seat>, Unavailable>;

    /// Returns the attendees of an event as they are on the roster now, with their seats, in the same order. Leaves out those whose
    /// records are damaged.
    async fn parties(&self, event: &EventId, names: &[NameKey]) -> Result<Vec<Party>, Unavailable>;

    /// Returns at most `limit` parties of this size that wait, by their numbers, with the attendees as they are on the roster
    /// now. Leaves out those whose records are damaged. Fewer than `limit` are all.
    async fn first_waiting(&self, event: &EventId, size: u8, limit: usize) -> Result<Vec<Party>, Unavailable>;

    /// Returns the parties with names after `after`, sorted by folded name: attendees on the roster and those who have a seat,
    /// at most `limit`.
    async fn parties_after(
        &self,
        event: &EventId,
        after: Option<&NameKey>,
        limit: usize,
    ) -> Result<PartyPage, Unavailable>;

    /// Returns the numbers of all seats that wait, smallest first.
    async fn waiting_numbers(&self, event: &EventId) -> Result<Vec<u64>, Unavailable>;

    /// Returns how many parties wait for the seats of an event that have a number in this range. `sizes` are the sizes of
    /// those that wait.
    async fn count_waiting(&self, event: &EventId, sizes: &[u8], numbers: Range<u64>) -> Result<u64, Unavailable>;

    /// Stores the digest like [`Digests::store`](crate::ports::Digests::store), and changes seats with at most
    /// [`MAX_SEAT_WRITES`]: all or nothing. If the outbox is a table of the same database, the
    /// [messages](crate::domain::outbox_message::OutboxMessage::after_seat) that the changes cause are put into it at `now`,
    /// together with the rest.
    async fn commit(&self, digest: &Digest, changes: &[SeatChange], now: Timestamp) -> Result<Write, Unavailable>;

    /// Deletes a seat that cannot be read.
    async fn delete_damaged_seat(&self, attendee: &AttendeeKey) -> Result<(), Unavailable>;

    /// Returns an event's seats as stored in its digest. `None` if its places were never limited.
    async fn summary(&self, event: &EventId) -> Result<Option<EventSeats>, Unavailable>;

    /// Returns how many parties wait before a seat that waits.
    async fn waiting_before(&self, seat: &Seat) -> Result<u64, Unavailable> {
        let event = &seat.attendee.event;
        let Some(seats) = self.summary(event).await? else { return Ok(0) };
        let Section { begins_at, before } = seats.line.section(seat.number);
        let sizes: Vec<u8> = seats.waiting().iter().map(|(size, _)| *size).collect();
        Ok(before + self.count_waiting(event, &sizes, begins_at..seat.number).await?)
    }
}
