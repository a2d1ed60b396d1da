//! The places of attendees on pages of an export, which go through the events one after the other.

use std::sync::Arc;

use crate::domain::attendee::Attendee;
use crate::domain::event::EventId;
use crate::domain::place::Place;
use crate::domain::signup::AttendeeKey;
use crate::ports::{Backend, Events, Seats, StoredDetails, Unavailable, position_in};

/// Reads places. It keeps the waiting list of the event that was read last, since an event can have many pages.
pub struct PlaceReader {
    seats: Arc<dyn Seats>,
    events: Arc<dyn Events>,
    line: Option<(EventId, Vec<u64>)>,
}

impl PlaceReader {
    pub fn of(backend: &Backend) -> Self {
        Self { seats: Arc::clone(&backend.seats), events: Arc::clone(&backend.events), line: None }
    }

    /// Returns the places of attendees who are sorted by event, in the same order. `None` if the places of the event are not
    /// limited.
    pub async fn places(&mut self, attendees: &[Attendee]) -> Result<Vec<Option<Place>>, Unavailable> {
        let limited = self.limited(attendees).await?;
        let is_limited = |attendee: &&Attendee| limited.contains(&attendee.event);
        let keys: Vec<AttendeeKey> = attendees.iter().filter(is_limited).map(Attendee::key).collect();
        if keys.is_empty() {
            return Ok(vec![None; attendees.len()]);
        }
        let mut seats = self.seats.seats(&keys).await?.into_iter();
        let mut places = Vec::with_capacity(attendees.len());
        for attendee in attendees {
            let registration = attendee.registration().filter(|_| is_limited(&attendee));
            let seat = is_limited(&attendee).then(|| seats.next().flatten()).flatten();
            let place = registration.map(|registration| Place::of(registration, seat.as_ref()));
            places.push(match (place, seat) {
                (Some(Place::Waiting { .. }), Some(seat)) => {
                    Some(Place::Waiting { position: self.position(&attendee.event, seat.number).await? })
                }
                (place, _) => place,
            });
        }
        Ok(places)
    }

    /// The events of attendees whose places are limited.
    async fn limited(&self, attendees: &[Attendee]) -> Result<Vec<EventId>, Unavailable> {
        let mut events: Vec<EventId> = attendees.iter().map(|attendee| attendee.event.clone()).collect();
        events.dedup();
        let details = self.events.details(&events).await?;
        let is_limited = |stored: &StoredDetails| stored.details().is_some_and(|details| details.is_limited());
        Ok(events.into_iter().zip(details).filter(|(_, stored)| is_limited(stored)).map(|(event, _)| event).collect())
    }

    /// Returns the position on the waiting list, from 1. `None` if somebody has left the list meanwhile.
    async fn position(&mut self, event: &EventId, number: u64) -> Result<Option<u64>, Unavailable> {
        let line = match self.line.take().filter(|(of, _)| of == event) {
            Some((_, line)) => line,
            None => self.seats.waiting_numbers(event).await?,
        };
        let position = position_in(&line, number);
        self.line = Some((event.clone(), line));
        Ok(position)
    }
}
