//! A page of an event's roster, with the places of the attendees on it.

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::place::Place;
use crate::domain::registration::Registration;
use crate::domain::viewer::View;
use crate::http::App;
use crate::http::paging::limit_bytes;
use crate::http::place_bodies::PlacesBody;
use crate::ports::{RosterPage, Unavailable, places_of};

/// A page of an event's roster as somebody sees it.
pub struct RosterView {
    pub page: RosterPage,
    /// The places of the event. `None` if they are not limited, or while they are being counted.
    pub counts: Option<PlacesBody>,
    /// One for each attendee on the page.
    places: Vec<Option<Place>>,
}

/// Somebody on the roster.
pub struct RosterPerson<'a> {
    pub attendee: &'a Attendee,
    pub registration: &'a Registration,
    /// `None` if the places of the event are not limited.
    pub place: Option<Place>,
}

impl RosterView {
    /// Reads a page of the roster. Who has a place is read only if the places are limited and `view` contains the names.
    pub async fn read(
        app: &App,
        event: &EventId,
        details: Option<&EventDetails>,
        view: View,
        limit: usize,
        after: Option<&NameKey>,
    ) -> Result<Self, Unavailable> {
        let page = limit_bytes(app.backend.roster.roster(event, limit, after).await?);
        let places = if view.roster {
            places_of(&*app.backend.seats, details, &page.attendees, page.seats).await?
        } else {
            vec![None; page.attendees.len()]
        };
        let counts = PlacesBody::of(details, page.count, page.seats);
        Ok(Self { page, counts, places })
    }

    /// Returns the people on the page, sorted by folded name.
    pub fn people(&self) -> Vec<RosterPerson<'_>> {
        let attendees = self.page.attendees.iter().zip(self.places.iter().copied());
        attendees
            .filter_map(|(attendee, place)| Some(RosterPerson::of(attendee, attendee.registration()?, place)))
            .collect()
    }
}

impl<'a> RosterPerson<'a> {
    pub fn of(attendee: &'a Attendee, registration: &'a Registration, place: Option<Place>) -> Self {
        Self { attendee, registration, place }
    }

    /// The number of guests who are coming, or who wait.
    pub fn guests(&self) -> u8 {
        self.place.map_or(self.registration.details.guests, |place| place.guests(self.registration))
    }
}
