//! Events that the organiser names: which are unlisted, and which would begin with an import or a button. Most likely, the names of
//! those are not spelled right.

use std::collections::BTreeMap;

use crate::domain::event::{Event, EventId};
use crate::domain::new_event_id;
use crate::domain::signup::Signup;
use crate::domain::timestamp::Timestamp;
use crate::http::App;
use crate::ports::{CalendarPage, StoredDetails, Unavailable};

/// The events that are looked up. More names are not checked, because each may need a read.
const MAX_CHECKED: usize = 100;

/// The events whose titles are compared.
pub const MAX_COMPARED: usize = 500;

/// Lets sign-ups that name an unlisted event by its title be for that event: its id ends in random characters, so a sign-up with the
/// title alone would begin another event, which everybody can find. A title that several events have stays as it is.
///
/// Only the organiser may name an unlisted event so. The titles of the next 500 events are compared. Returns the titles of the
/// events that the sign-ups begin.
pub async fn find_unlisted(app: &App, signups: &mut [Signup]) -> Result<Vec<String>, Unavailable> {
    let new: Vec<Event> =
        new_events(app, signups.iter().map(|signup| &signup.event)).await?.into_iter().cloned().collect();
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let upcoming = app.backend.calendar.upcoming(Timestamp::now(), None, MAX_COMPARED).await?;
    let mut by_title = unlisted_by_title(app, upcoming).await?;
    by_title.retain(|title, events| events.len() == 1 && new.iter().any(|event| event.id() == title));
    for signup in signups {
        if let Some(events) = by_title.get(signup.event.id()) {
            signup.event = events[0].clone();
        }
    }
    let begun = new.iter().filter(|event| !by_title.contains_key(event.id()));
    Ok(begun.map(|event| event.title().to_owned()).collect())
}

/// Returns the unlisted events of a page of the calendar, by what the ids of listed events with their titles would be.
pub async fn unlisted_by_title(app: &App, page: CalendarPage) -> Result<BTreeMap<EventId, Vec<Event>>, Unavailable> {
    let unlisted: Vec<EventId> =
        page.entries.into_iter().map(|entry| entry.event.id).filter(new_event_id::is_unlisted).collect();
    let mut by_title: BTreeMap<EventId, Vec<Event>> = BTreeMap::new();
    for details in app.backend.events.details(&unlisted).await?.iter().filter_map(StoredDetails::details) {
        let title = details.content.title.as_str();
        if let Ok(slug) = EventId::parse(title) {
            by_title.entry(slug).or_default().push(Event::titled(details.event.clone(), title.to_owned()));
        }
    }
    Ok(by_title)
}

/// Whether somebody has signed up for the event.
pub async fn has_title(app: &App, event: &EventId) -> Result<bool, Unavailable> {
    Ok(app.backend.roster.roster(event, 1, None).await?.title.is_some())
}

/// Returns those of `events` that have no details and for which nobody has signed up, each once, sorted by id.
///
/// Only the first 100 events, in the order of their ids, are looked up.
pub async fn new_events<'a>(app: &App, events: impl Iterator<Item = &'a Event>) -> Result<Vec<&'a Event>, Unavailable> {
    let mut by_id: BTreeMap<EventId, &Event> = BTreeMap::new();
    for event in events {
        by_id.entry(event.id().clone()).or_insert(event);
    }
    let ids: Vec<EventId> = by_id.keys().take(MAX_CHECKED).cloned().collect();
    let details = app.backend.events.details(&ids).await?;
    let mut new = Vec::new();
    for (id, details) in ids.iter().zip(details) {
        let has_details = matches!(details, StoredDetails::Some(_) | StoredDetails::Damaged(_));
        if !has_details && !has_title(app, id).await? {
            new.push(by_id[id]);
        }
    }
    Ok(new)
}
