//! The stored form of a seat in DynamoDB. The table's stream contains it too.

use serde::{Deserialize, Serialize};

use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::seat::{Seat, Standing};
use crate::domain::signup::{AttendeeKey, SignupId};
use crate::domain::timestamp::Timestamp;

/// The beginning of the partition key of an event's seats.
pub const SEATS: &str = "#seat#";

/// The attributes of a seat. Times are in milliseconds.
#[derive(Debug, Serialize, Deserialize)]
pub struct SeatRecord {
    /// The key of the partition.
    pub event: String,
    /// The sort key of the attendee's item.
    pub name: String,
    owner: String,
    since: i64,
    party: u8,
    standing: String,
    number: u64,
}

/// Returns the key of the partition with an event's seats.
pub fn partition(event: &EventId) -> String {
    format!("{SEATS}{}", event.as_str())
}

impl From<&Seat> for SeatRecord {
    fn from(seat: &Seat) -> Self {
        Self {
            event: partition(&seat.attendee.event),
            name: seat.attendee.name.as_str().to_owned(),
            owner: seat.owner.as_str().to_owned(),
            since: seat.since.as_millis(),
            party: seat.party,
            standing: seat.standing.as_str().to_owned(),
            number: seat.number,
        }
    }
}

impl SeatRecord {
    /// The error says what is damaged.
    pub fn into_seat(self) -> Result<Seat, String> {
        let event = self.event.strip_prefix(SEATS).ok_or("it is not a seat")?;
        let event = EventId::from_stored(event.to_owned());
        Ok(Seat {
            attendee: AttendeeKey { event, name: NameKey::from_stored(self.name) },
            owner: SignupId::from_stored(self.owner),
            since: Timestamp::from_millis(self.since).map_err(|_| "`since` is no valid time")?,
            party: self.party,
            standing: self.standing.parse::<Standing>().map_err(|_| "`standing` is unknown")?,
            number: self.number,
        })
    }
}
