//! All attendees of one event or of all events, streamed page by page, so that a long list needs little memory.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use crate::domain::attendee::Attendee;
use crate::domain::event::EventId;
use crate::domain::signup::AttendeeKey;
use crate::ports::{Roster, Unavailable};

/// Number of attendees read in one call.
const PAGE_SIZE: usize = 250;

/// The position of the stream in the list of attendees.
enum Position {
    Start,
    After(AttendeeKey),
    End,
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

/// Streams a response body: `begin`, then each page as formatted by `write`, then `end`.
pub fn body(
    roster: Arc<dyn Roster>,
    event: Option<EventId>,
    begin: &'static str,
    end: &'static str,
    mut write: impl FnMut(&[Attendee]) -> Vec<u8> + Send + 'static,
) -> Body {
    let pages = pages(roster, event)
        .map_ok(move |page| Bytes::from(write(&page)))
        .inspect_err(|unavailable| tracing::error!(%unavailable, "attendee list ended early"));
    let chunk = |text: &'static str| stream::iter([Ok::<_, Unavailable>(Bytes::from_static(text.as_bytes()))]);
    Body::from_stream(chunk(begin).chain(pages).chain(chunk(end)))
}
