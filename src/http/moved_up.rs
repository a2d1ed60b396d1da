//! Who gets the places of somebody whom a host removes.

use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::signup::AttendeeKey;
use crate::http::App;
use crate::ports::Unavailable;

/// The names that a page shows at most.
const MAX_NAMES: usize = 8;

/// Returns those who may get the places of an attendee: the first of each size that fits. The list is empty if the attendee has no place.
pub async fn next_in_line(app: &App, leaving: &AttendeeKey) -> Result<Vec<AttendeeKey>, Unavailable> {
    let seats = &*app.backend.seats;
    let seat = seats.seats(std::slice::from_ref(leaving)).await?.pop().flatten();
    let places = seat.filter(|seat| !seat.is_waiting()).map_or(0, |seat| seat.party);
    let mut next = Vec::new();
    for size in 1..=places {
        let parties = seats.first_waiting(&leaving.event, size, usize::from(places / size)).await?;
        next.extend(parties.into_iter().map(|party| party.key));
    }
    Ok(next)
}

/// Returns those of the attendees who have a place.
pub async fn with_a_place(app: &App, attendees: Vec<AttendeeKey>) -> Result<Vec<AttendeeKey>, Unavailable> {
    let seats = app.backend.seats.seats(&attendees).await?;
    let has_place = seats.into_iter().map(|seat| seat.is_some_and(|seat| !seat.is_waiting()));
    Ok(attendees.into_iter().zip(has_place).filter_map(|(key, has_place)| has_place.then_some(key)).collect())
}

/// The names of attendees for the query of a page.
pub fn to_query(attendees: &[AttendeeKey]) -> String {
    attendees.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join("\n")
}

/// Returns the display names of those in a query who are on the list with a place. The query may be old or made up.
pub async fn from_query(app: &App, event: &EventId, query: &str) -> Result<Option<String>, Unavailable> {
    let names = query.split('\n').take(MAX_NAMES).filter_map(|name| NameKey::of(name).ok());
    let keys = names.map(|name| AttendeeKey { event: event.clone(), name }).collect();
    let mut shown = Vec::new();
    for key in with_a_place(app, keys).await? {
        shown.extend(app.backend.roster.attendee(&key).await?.map(|attendee| attendee.name.to_string()));
    }
    Ok((!shown.is_empty()).then(|| shown.join(", ")))
}
