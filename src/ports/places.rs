//! Reads who has a place, for whoever shows it. Events whose places are not limited cost no calls to the storage backend.

use std::collections::HashMap;

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::event_details::EventDetails;
use crate::domain::place::Place;
use crate::domain::seat::Seat;
use crate::domain::seats::SeatCounts;
use crate::ports::{Seats, Unavailable};

/// The length of a waiting list up to which it is read to show the positions on a page of the roster. On DynamoDB, so many
/// entries are about 50 kB.
const MAX_LINE_READ: u64 = 500;

/// Returns the place of an attendee's current registration, with the position on the waiting list. `None` if they are not on
/// the roster, or if the places of the event, which has these details, are not limited.
///
/// Only somebody who waits costs more than one call.
pub async fn place_of(
    seats: &dyn Seats,
    details: Option<&EventDetails>,
    attendee: &Attendee,
) -> Result<Option<Place>, Unavailable> {
    let is_limited = details.is_some_and(EventDetails::is_limited);
    let Some(registration) = attendee.registration().filter(|_| is_limited) else { return Ok(None) };
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
/// roster, and for all if the places of the event, which has these details, are not limited. `counts` are those of the event.
///
/// The seats of the page are one query. If somebody waits who is not on the page, and the list is not long, it is read too, for
/// the positions.
pub async fn places_of(
    seats: &dyn Seats,
    details: Option<&EventDetails>,
    attendees: &[Attendee],
    counts: Option<SeatCounts>,
) -> Result<Vec<Option<Place>>, Unavailable> {
    let ends = attendees.first().zip(attendees.last()).filter(|_| details.is_some_and(EventDetails::is_limited));
    let Some((first, last)) = ends else { return Ok(vec![None; attendees.len()]) };
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
            (Place::Waiting { .. }, Some(seat)) => Place::Waiting { position: position_in(&line, seat.number) },
            (place, _) => place,
        })
    };
    Ok(attendees.iter().map(place).collect())
}

/// Returns the position of a seat on the waiting list, from 1, by the numbers of all that wait, smallest first. `None` if it is
/// not on the list.
pub fn position_in(line: &[u64], number: u64) -> Option<u64> {
    let before = line.binary_search(&number).ok()?;
    u64::try_from(before + 1).ok()
}
