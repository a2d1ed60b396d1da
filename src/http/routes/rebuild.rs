//! Counting the attendees and the seats of an event again, after a record was damaged or lost.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::http::App;
use crate::http::event_view::{find_event, no_such_event};
use crate::http::paging::parse_event_id;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::organiser::{NotOrganiser, Organiser};
use crate::ports::{ReadError, Write};

/// Attempts to store a digest that others store at the same time.
const MAX_ATTEMPTS: u32 = 10;

/// An event of which the attendees and seats will be counted again.
#[derive(Serialize, ToSchema)]
pub struct RebuildRequested {
    /// The id of the event.
    pub event: String,
}

/// Counts the attendees and the seats of an event again.
///
/// Only for the organiser. Sign-ups may arrive meanwhile. It begins at once on a server of your own, and within a minute on AWS.
#[utoipa::path(
    post, path = "/events/{event}/rebuild", operation_id = "rebuildEvent", tag = "organiser", security(("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title")),
    responses(
        (status = 202, body = RebuildRequested),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn rebuild(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    organiser: Result<Organiser, NotOrganiser>,
) -> Result<Response, Problem> {
    let Organiser = match organiser {
        Ok(organiser) => organiser,
        Err(refused) => return Ok(refused.into_response()),
    };
    let event = parse_event_id(&event)?;
    for _ in 0..MAX_ATTEMPTS {
        let stored = match app.backend.digests.digest(&event).await {
            Ok(Some(digest)) => app.backend.digests.store(&requested(digest)).await?,
            Ok(None) => app.backend.digests.store(&requested(new_digest(&app, &event).await?)).await?,
            Err(ReadError::Unavailable(unavailable)) => return Err(unavailable.into()),
            Err(ReadError::Damaged(cause)) => {
                tracing::warn!(cause, "damaged digest replaced, because its event is rebuilt");
                app.backend.digests.replace_digest(&requested(new_digest(&app, &event).await?)).await?;
                Write::Stored
            }
        };
        if stored == Write::Stored {
            app.backend.digests.unpark(&event).await?;
            return Ok((StatusCode::ACCEPTED, Json(RebuildRequested { event: event.to_string() })).into_response());
        }
    }
    let detail = "This event is changing just now. Please try again in a moment.";
    Err(Problem::new(ProblemKind::Conflict, detail))
}

fn requested(digest: Digest) -> Digest {
    Digest { rebuild_requested_at: Some(Timestamp::now()), ..digest }
}

/// The digest of an event of which nothing is counted yet.
async fn new_digest(app: &App, event: &EventId) -> Result<Digest, Problem> {
    let found = find_event(app, event).await?;
    let title = match found.details() {
        Some(details) => details.content.title.to_string(),
        None => app.backend.roster.roster(event, 1, None).await?.title.ok_or_else(no_such_event)?,
    };
    Ok(Digest::new(event.clone(), title))
}
