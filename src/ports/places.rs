//! Reads who has a place, for whoever shows it. Ask only about an event whose places are limited: these are calls to the storage
//! backend that other events do not need.

use crate::domain::attendee::Attendee;
use crate::domain::place::Place;
use crate::domain::seats::SeatCounts;
use crate::domain::signup::AttendeeKey;
use crate::ports::{Seats, Unavailable};

/// The length of a waiting list up to which it is read to show the positions on a page of the roster. On DynamoDB, so many
/// entries are about 50 kB.
const MAX_LINE_READ: u64 = 500;

/// Returns the place of an attendee's current registration, with the position on the waiting list. `None` if they are not on
/// the roster.
///
/// Only somebody who waits costs more than one call.
pub async fn place_of(seats: &dyn Seats, attendee: &Attendee) -> Result<Option<Place>, Unavailable> {
    let Some(registration) = attendee.registration() else { return Ok(None) };
    let seat = seats.seats(&[attendee.key()]).await?.pop().flatten();
    let place = Place::of(registration, seat.as_ref());
    Ok(Some(match (place, seat) {
        (Place::Waiting { .. }, Some(seat)) => {
            Place::Waiting { position: Some(seats.waiting_before(&seat).await? + 1) }
        }
        (place, _) => place,
    }))
}

/// Returns the places of attendees on a page of an event's roster, in the same order: `None` for those who are not on the
/// roster. `counts` are those of the event.
///
/// The seats of the page are one call. If somebody on it waits and the list is not long, it is read too, for the positions.
pub async fn places_of(
    seats: &dyn Seats,
    attendees: &[Attendee],
    counts: Option<SeatCounts>,
) -> Result<Vec<Option<Place>>, Unavailable> {
    let Some(first) = attendees.first() else { return Ok(Vec::new()) };
    let keys: Vec<AttendeeKey> = attendees.iter().map(Attendee::key).collect();
    let found = seats.seats(&keys).await?;
    let place = |(attendee, seat): (&Attendee, &Option<_>)| Some(Place::of(attendee.registration()?, seat.as_ref()));
    let mut places: Vec<Option<Place>> = attendees.iter().zip(&found).map(place).collect();
    let is_short = counts.is_some_and(|counts| counts.waiting <= MAX_LINE_READ);
    if is_short && places.contains(&Some(Place::Waiting { position: None })) {
        let line = seats.waiting_numbers(&first.event).await?;
        for (place, seat) in places.iter_mut().zip(&found) {
            if let (Some(Place::Waiting { position }), Some(seat)) = (place, seat) {
                let before = line.binary_search(&seat.number).ok();
                *position = before.and_then(|before| u64::try_from(before + 1).ok());
            }
        }
    }
    Ok(places)
}
