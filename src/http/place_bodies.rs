//! What responses say about places and the waiting list.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::event_details::EventDetails;
use crate::domain::place::Place;
use crate::domain::seats::SeatCounts;

/// The places of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlacesBody {
    /// The number of places.
    #[schema(example = 40)]
    pub capacity: u32,
    /// The number of people who have a place: attendees and guests.
    #[schema(example = 23)]
    pub taken: u64,
    /// The number of sign-ups on the waiting list.
    #[schema(example = 4)]
    pub waiting: u64,
}

impl PlacesBody {
    /// Returns the places of an event with these details and this number of attendees. `None` if they are not limited, or while
    /// they are being counted.
    pub fn of(details: Option<&EventDetails>, count: u64, counts: Option<SeatCounts>) -> Option<Self> {
        let capacity = details?.content.capacity?.get();
        match counts {
            Some(SeatCounts { taken, waiting, .. }) => Some(Self { capacity, taken, waiting }),
            // The event is new.
            None if count == 0 => Some(Self { capacity, taken: 0, waiting: 0 }),
            None => None,
        }
    }

    /// Returns the number of free places. There are none if a host has lowered the number of places below that of the people
    /// who have one.
    pub fn free(&self) -> u64 {
        u64::from(self.capacity).saturating_sub(self.taken)
    }
}

/// The place of one registration.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceBody {
    /// `confirmed` if the party has a place, `waiting` if it is on the waiting list, or `pending` if this is not decided yet.
    #[schema(example = "waiting")]
    pub state: &'static str,
    /// The position on the waiting list, from 1; null if the registration does not wait.
    #[schema(example = 3)]
    pub position: Option<u64>,
    /// The number of further guests whom the registration wants to bring, and for whom there was no place.
    pub refused_guests: u8,
}

impl From<Place> for PlaceBody {
    fn from(place: Place) -> Self {
        let refused_guests = match place {
            Place::Confirmed { refused_guests, .. } => refused_guests,
            Place::Pending | Place::Waiting { .. } => 0,
        };
        Self { state: place.as_str(), position: place.position(), refused_guests }
    }
}
