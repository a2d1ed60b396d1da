//! All attendees of one event or of all events, streamed page by page, so that a long list needs little memory.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use crate::domain::attendee::Attendee;
use crate::domain::event::EventId;
use crate::domain::new_event_id::is_unlisted;
use crate::domain::signup::AttendeeKey;
use crate::domain::viewer::Viewer;
use crate::ports::{Events, Roster, Unavailable};

/// Number of attendees read in one call.
const PAGE_SIZE: usize = 250;

/// The position of the stream in the list of attendees.
enum Position {
    Start,
    After(AttendeeKey),
    End,
}

/// Removes the attendees of events that not everybody may know about: unlisted events, and those whose roster is not public.
pub async fn only_public(attendees: Vec<Attendee>, events: &dyn Events) -> Result<Vec<Attendee>, Unavailable> {
    let mut ids: Vec<EventId> = attendees.iter().map(|attendee| attendee.event.clone()).collect();
    ids.dedup();
    let details = events.details(&ids).await?;
    let is_public = |event: &EventId| {
        ids.iter().position(|id| id == event).is_some_and(|index| details[index].view(Viewer::Public).roster)
    };
    Ok(attendees.into_iter().filter(|attendee| !is_unlisted(&attendee.event) && is_public(&attendee.event)).collect())
}

/// Pages of the attendees on the roster of `event`, or on all rosters, sorted by event and name.
fn pages(roster: Arc<dyn Roster>, event: Option<EventId>) -> impl Stream<Item = Result<Vec<Attendee>, Unavailable>> {
    stream::try_unfold((roster, event, Position::Start), |(roster, event, position)| async move {
        let after = match &position {
            Position::Start => None,
            Position::After(key) => Some(key),
            Position::End => return Ok(None),
        };
        let page = match &event {
            Some(event) => roster.roster(event, PAGE_SIZE, after.map(|key| &key.name)).await?.attendees,
            None => roster.all_attendees(PAGE_SIZE, after).await?,
        };
        let next = match page.last() {
            None => return Ok(None),
            Some(last) if page.len() == PAGE_SIZE => Position::After(last.key()),
            Some(_) => Position::End,
        };
        Ok(Some((page, (roster, event, next))))
    })
}

/// Which attendees a list contains.
pub enum Selection {
    /// Those of one event, or of all events, for the organiser.
    Everyone(Option<EventId>),
    /// Those of all events that are public. Needs the details of the events.
    Public(Arc<dyn Events>),
}

/// Streams a response body: `begin`, then each page as formatted by `write`, then `end`.
pub fn body(
    roster: Arc<dyn Roster>,
    selection: Selection,
    begin: &'static str,
    end: &'static str,
    mut write: impl FnMut(&[Attendee]) -> Vec<u8> + Send + 'static,
) -> Body {
    let (event, events) = match selection {
        Selection::Everyone(event) => (event, None),
        Selection::Public(events) => (None, Some(events)),
    };
    let select = move |page| {
        let events = events.clone();
        async move {
            match events {
                Some(events) => only_public(page, &*events).await,
                None => Ok(page),
            }
        }
    };
    let pages = pages(roster, event)
        .and_then(select)
        .map_ok(move |page| Bytes::from(write(&page)))
        .inspect_err(|unavailable| tracing::error!(%unavailable, "attendee list ended early"));
    let chunk = |text: &'static str| stream::iter([Ok::<_, Unavailable>(Bytes::from_static(text.as_bytes()))]);
    Body::from_stream(chunk(begin).chain(pages).chain(chunk(end)))
}
