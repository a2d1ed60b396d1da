//! Deleting an event, with a confirmation. A request works for a few seconds at most; then `next` of the response says
//! where the following request continues. A repeated request continues an interrupted deletion.

pub mod form;
mod position;
mod steps;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use self::position::Cursor;
use self::steps::EventDeletion;
use crate::domain::clock;
use crate::domain::deleted_event::{DeletedEvent, DeletionState};
use crate::domain::event::EventId;
use crate::domain::host_link::HostRole;
use crate::domain::new_event_id::for_log;
use crate::http::App;
use crate::http::event_view::{Credentials, FoundEvent, find_event, no_such_event};
use crate::http::paging::parse_event_id;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::hosting::{check_version, outdated};
use crate::ports::{StoredDetails, Write};

/// Attempts to store the marker while others edit the event at the same time.
const MAX_ATTEMPTS: u32 = 5;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeletionQuery {
    /// The title or the id of the event, to confirm that it is deleted for good.
    #[param(value_type = Option<String>, example = "omars-dinner")]
    confirm: Option<String>,
    /// The value of `next` from the previous response.
    cursor: Option<String>,
}

/// The result of a request that deletes an event.
#[derive(Serialize, ToSchema)]
pub struct DeletionBody {
    /// The id of the event.
    event: String,
    /// The number of attendees, buttons and rejected messages that this request deleted.
    removed: u64,
    /// The cursor of the next request; null if the event is deleted.
    next: Option<String>,
}

/// An event, as far as its deletion needs it.
enum Target {
    Existing {
        found: FoundEvent,
        title: String,
        count: u64,
    },
    /// The deletion has begun, and may have been interrupted.
    InProgress(Arc<DeletedEvent>),
    /// Nothing but the marker is left.
    Complete,
}

/// What a request says about the deletion.
struct Request<'a> {
    confirm: Option<&'a str>,
    version: Option<&'a HeaderValue>,
    cursor: Option<Cursor>,
}

/// Deletes an event for good, with everything that is stored about it. Nobody is notified.
///
/// Only for the host and the organiser. `confirm` must be the title or the id of the event. With `If-Match`, the event is
/// deleted only if it is unchanged. Repeat the request with `cursor` until `next` is null. From the first request on, nobody
/// finds the event. If the deletion is interrupted, the same request continues it.
#[utoipa::path(
    delete, path = "/events/{event}", operation_id = "deleteEvent", tag = "hosts", security(("host" = []), ("organiser" = [])),
    params(
        ("event" = String, Path, description = "The event's id or title"), DeletionQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag of the event that was read"),
    ),
    responses(
        (status = 200, body = DeletionBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    credentials: Credentials,
    Query(query): Query<DeletionQuery>,
    headers: HeaderMap,
) -> Result<Json<DeletionBody>, Problem> {
    let event = parse_event_id(&event)?;
    let request = Request {
        confirm: query.confirm.as_deref(),
        version: headers.get(header::IF_MATCH),
        cursor: query.cursor.as_deref().map(Cursor::decode).transpose()?,
    };
    Ok(Json(delete_part(&app, &credentials, &event, request).await?))
}

/// Begins or continues the deletion of an event. A cursor of another deletion is ignored, so this one starts at its first
/// step.
async fn delete_part(
    app: &App,
    credentials: &Credentials,
    event: &EventId,
    request: Request<'_>,
) -> Result<DeletionBody, Problem> {
    for _ in 0..MAX_ATTEMPTS {
        let mut position = None;
        let deleted = match target(app, credentials, event).await? {
            Target::InProgress(deleted) => {
                if let Some(cursor) = &request.cursor {
                    position = app.verify(|secret| cursor.verify(&deleted, secret)).await?;
                }
                deleted
            }
            // Another request has completed the deletion that this one continues.
            Target::Complete if request.cursor.is_some() => {
                return Ok(DeletionBody { event: event.to_string(), removed: 0, next: None });
            }
            Target::Complete => return Err(no_such_event()),
            Target::Existing { title, .. } if request.cursor.is_some() => {
                let detail = format!(
                    "The event `{title}` is not being deleted. To delete it, send `confirm` with its title or id, and no `cursor`."
                );
                return Err(Problem::new(ProblemKind::Conflict, detail));
            }
            Target::Existing { found, title, .. } => {
                check_confirmation(request.confirm, event, &title)?;
                if let Some(version) = request.version {
                    check_version(version, found.version())?;
                }
                let deleted = DeletedEvent {
                    event: event.clone(),
                    deleted_at: clock::now(),
                    state: DeletionState::InProgress,
                    links: found.details().map(|details| details.links).unwrap_or_default(),
                    version: found.version(),
                };
                if app.backend.events.store_deletion(&deleted, deleted.deleted_at).await? == Write::Conflict {
                    continue;
                }
                tracing::info!(event.id = for_log(event), "deletion of an event began");
                Arc::new(DeletedEvent { version: deleted.version + 1, ..deleted })
            }
        };
        let mut deletion = EventDeletion { backend: &app.backend, deleted };
        let part = deletion.part(position).await?;
        let next = part.next.map(|position| position.sign(&deletion.deleted, &app.token_secret));
        return Ok(DeletionBody { event: event.to_string(), removed: part.removed, next });
    }
    Err(outdated())
}

/// Finds the event for somebody who may delete it.
async fn target(app: &App, credentials: &Credentials, event: &EventId) -> Result<Target, Problem> {
    let require = async |links| credentials.require(HostRole::Host, app, event, links).await;
    if let StoredDetails::Deleted(deleted) = app.backend.events.stored(event).await? {
        match deleted.state {
            DeletionState::InProgress => {
                require(Some(deleted.links)).await?;
                return Ok(Target::InProgress(deleted));
            }
            DeletionState::Complete if app.backend.roster.roster(event, 1, None).await?.title.is_none() => {
                require(Some(deleted.links)).await?;
                return Ok(Target::Complete);
            }
            // It has begun anew.
            DeletionState::Complete => {}
        }
    }
    let found = find_event(app, event).await?;
    require(found.details().map(|details| details.links)).await?;
    let page = app.backend.roster.roster(event, 1, None).await?;
    let title = found.details().map(|details| details.content.title.to_string()).or(page.title);
    Ok(Target::Existing { found, title: title.ok_or_else(no_such_event)?, count: page.count })
}

/// Refuses a request that does not name the event that it deletes.
fn check_confirmation(confirm: Option<&str>, event: &EventId, title: &str) -> Result<(), Problem> {
    let expected = format!("Deleting an event cannot be undone. Send `confirm` with its title, `{title}`, or its id.");
    let Some(confirm) = confirm else { return Err(Problem::new(ProblemKind::ConfirmationNeeded, expected)) };
    if confirm.trim() == title || EventId::parse(confirm).is_ok_and(|id| id == *event) {
        return Ok(());
    }
    Err(Problem { field: Some("confirm"), ..Problem::new(ProblemKind::InvalidField, expected) })
}
