//! Everybody on every roster, streamed in pages, so that no list is too long for the memory.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::{Stream, TryStreamExt, stream};

use crate::domain::attendee::Attendee;
use crate::domain::signup::AttendeeKey;
use crate::ports::{Roster, Unavailable};

const PAGE: usize = 1_000;

/// Pages of those who are in, by event and name.
pub fn pages(roster: Arc<dyn Roster>) -> impl Stream<Item = Result<Vec<Attendee>, Unavailable>> {
    let start: Option<Option<AttendeeKey>> = Some(None);
    stream::try_unfold((roster, start), |(roster, position)| async move {
        let Some(after) = position else { return Ok(None) };
        let page = roster.everybody(PAGE, after.as_ref()).await?;
        let next = page.last().filter(|_| page.len() == PAGE).map(|last| Some(last.key()));
        Ok((!page.is_empty()).then_some((page, (roster, next))))
    })
}

/// A body that writes each page with `write`, between `begin` and `end`.
pub fn body(
    roster: Arc<dyn Roster>,
    begin: &'static str,
    end: &'static str,
    mut write: impl FnMut(&[Attendee]) -> Vec<u8> + Send + 'static,
) -> Body {
    let pages = pages(roster)
        .map_ok(move |page| Bytes::from(write(&page)))
        .inspect_err(|unavailable| tracing::error!(%unavailable, "a list was cut short"));
    let once = |text: &'static str| stream::iter([Ok::<_, Unavailable>(Bytes::from_static(text.as_bytes()))]);
    use futures_util::StreamExt as _;
    Body::from_stream(once(begin).chain(pages).chain(once(end)))
}
