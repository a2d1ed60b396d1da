//! All attendees of one event or of all events, streamed page by page, so that a long list needs little memory.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use crate::domain::attendee::Attendee;
use crate::domain::event::EventId;
use crate::domain::new_event_id::is_unlisted;
use crate::domain::place::Place;
use crate::domain::signup::AttendeeKey;
use crate::domain::viewer::Viewer;
use crate::http::export_places::PlaceReader;
use crate::ports::{Backend, Events, Roster, Unavailable};

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

/// Streams a response body with the attendees of `event`, or of all events, and their places, for the organiser: `begin`, then each
/// page as formatted by `write`, then `end`.
pub fn body_with_places(
    backend: &Backend,
    event: Option<EventId>,
    begin: &'static str,
    end: &'static str,
    mut write: impl FnMut(&[(Attendee, Option<Place>)]) -> Vec<u8> + Send + 'static,
) -> Body {
    let pages = Box::pin(pages(Arc::clone(&backend.roster), event));
    let pages = stream::try_unfold((pages, PlaceReader::of(backend)), |(mut pages, mut reader)| async move {
        let Some(page) = pages.try_next().await? else { return Ok(None) };
        let places = reader.places(&page).await?;
        let page: Vec<(Attendee, Option<Place>)> = page.into_iter().zip(places).collect();
        Ok(Some((page, (pages, reader))))
    });
    stream_body(pages.map_ok(move |page| Bytes::from(write(&page))), begin, end)
}

/// Streams a response body with the attendees of all events that are public, like [`body_with_places`].
pub fn public_body(
    roster: Arc<dyn Roster>,
    events: Arc<dyn Events>,
    begin: &'static str,
    end: &'static str,
    mut write: impl FnMut(&[Attendee]) -> Vec<u8> + Send + 'static,
) -> Body {
    let select = move |page| {
        let events = Arc::clone(&events);
        async move { only_public(page, &*events).await }
    };
    stream_body(pages(roster, None).and_then(select).map_ok(move |page| Bytes::from(write(&page))), begin, end)
}

fn stream_body(
    pages: impl Stream<Item = Result<Bytes, Unavailable>> + Send + 'static,
    begin: &'static str,
    end: &'static str,
) -> Body {
    let pages = pages.inspect_err(|unavailable| tracing::error!(%unavailable, "attendee list ended early"));
    let chunk = |text: &'static str| stream::iter([Ok::<_, Unavailable>(Bytes::from_static(text.as_bytes()))]);
    Body::from_stream(chunk(begin).chain(pages).chain(chunk(end)))
}
