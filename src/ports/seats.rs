//! Stores the seats of events whose places are limited.

use std::ops::Range;

use async_trait::async_trait;

use crate::domain::attendee_name::NameKey;
use crate::domain::digest::Digest;
use crate::domain::event::EventId;
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
    pub parties: Vec<Party>,
    /// The name after which the next page begins. `None` on the last page.
    pub next: Option<NameKey>,
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

    /// Returns the attendees of an event as they are on the roster now, with their seats, in the same order. Leaves out attendees
    /// whose records are damaged.
    async fn parties(&self, event: &EventId, names: &[NameKey]) -> Result<Vec<Party>, Unavailable>;

    /// Returns at most `limit` parties of this size that wait, by their numbers, with the attendees as they are on the roster
    /// now. Leaves out attendees whose records are damaged.
    async fn first_waiting(&self, event: &EventId, size: u8, limit: usize) -> Result<Vec<Party>, Unavailable>;

    /// Returns the parties with names after `after`, sorted by folded name: attendees on the roster and those who have a seat,
    /// at most `limit`. Leaves out attendees whose records are damaged.
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
