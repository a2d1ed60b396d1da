//! The event that the organiser names.

use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::http::new_events::{MAX_COMPARED, has_title, unlisted_by_title};
use crate::http::paging::parse_event_id;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::{App, typed_link};

/// Returns the event that the organiser names by its link, its id or its title. The title of an unlisted event names it if no other
/// event has the title: the next 500 events and the last 500 are compared.
///
/// # Errors
/// Refuses a title that several unlisted events have.
pub async fn named_event(app: &App, text: &str) -> Result<EventId, Problem> {
    let id = match typed_link::event_in(text) {
        Some(event) => event,
        None => parse_event_id(text)?,
    };
    if app.backend.events.stored(&id).await?.details().is_some() || has_title(app, &id).await? {
        return Ok(id);
    }
    let now = Timestamp::now();
    let mut named = Vec::new();
    for page in [
        app.backend.calendar.upcoming(now, None, MAX_COMPARED).await?,
        app.backend.calendar.past(now, None, MAX_COMPARED).await?,
    ] {
        named.extend(unlisted_by_title(app, page).await?.remove(&id).unwrap_or_default());
    }
    if named.len() > 1 {
        let detail = "`event` is the title of several events. Send the id or the link of one.";
        let problem = Problem::new(ProblemKind::InvalidField, detail).on_page("organiser-event-ambiguous");
        return Err(Problem { field: Some("event"), ..problem });
    }
    Ok(named.pop().map_or(id, |event| event.id().clone()))
}
