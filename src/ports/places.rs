//! Reads who has a place, for whoever shows it. Ask only about an event whose places are limited: these are calls to the storage
//! backend that other events do not need.

use std::collections::HashMap;

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::place::Place;
use crate::domain::seat::Seat;
use crate::domain::seats::SeatCounts;
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
/// The seats of the page are one query. If somebody waits who is not on the page, and the list is not long, it is read too, for
/// the positions.
pub async fn places_of(
    seats: &dyn Seats,
    attendees: &[Attendee],
    counts: Option<SeatCounts>,
) -> Result<Vec<Option<Place>>, Unavailable> {
    let (Some(first), Some(last)) = (attendees.first(), attendees.last()) else { return Ok(Vec::new()) };
    let found = seats.seats_between(&first.event, first.name.key(), last.name.key()).await?;
    let mut line: Vec<u64> = found.iter().filter(|seat| seat.is_waiting()).map(|seat| seat.number).collect();
    let waiting = counts.map_or(u64::MAX, |counts| counts.waiting);
    let is_whole = u64::try_from(line.len()).is_ok_and(|known| waiting <= known);
    if is_whole {
        line.sort_unstable();
    } else if !line.is_empty() && waiting <= MAX_LINE_READ {
        line = seats.waiting_numbers(&first.event).await?;
    } else {
        line.clear();
    }
    let found: HashMap<&NameKey, &Seat> = found.iter().map(|seat| (&seat.attendee.name, seat)).collect();
    let place = |attendee: &Attendee| {
        let seat = found.get(attendee.name.key()).copied();
        Some(match (Place::of(attendee.registration()?, seat), seat) {
            (Place::Waiting { .. }, Some(seat)) => {
                let before = line.binary_search(&seat.number).ok();
                Place::Waiting { position: before.and_then(|before| u64::try_from(before + 1).ok()) }
            }
            (place, _) => place,
        })
    };
    Ok(attendees.iter().map(place).collect())
}
