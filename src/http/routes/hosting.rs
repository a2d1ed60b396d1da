//! What hosts do with an event: edit, cancel, archive and reopen it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::domain::event::EventId;
use crate::domain::event_details::{Content, EventDetails, Title};
use crate::domain::host_link::{HostRole, LinkGenerations};
use crate::domain::timestamp::Timestamp;
use crate::formats::event_details::patched;
use crate::http::App;
use crate::http::event_view::{Credentials, FoundEvent, entity_tag, find_event, no_such_event};
use crate::http::middleware::body::Fields;
use crate::http::paging::parse_event_id;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::events::DetailsBody;
use crate::ports::Write;

/// Attempts to store details that others store at the same time.
const MAX_ATTEMPTS: u32 = 5;

/// Details that somebody may edit.
pub enum EditableDetails {
    Stored(EventDetails),
    /// The event has none yet.
    New(EventDetails),
}

/// Edits the details of an event.
///
/// Only for co-hosts, the host and the organiser. The body contains the fields to change (JSON Merge Patch, RFC 7396). `If-Match` must
/// contain the `ETag` of the details that were read, so that no edit of somebody else is overwritten.
#[utoipa::path(
    patch, path = "/events/{event}", operation_id = "editEvent", tag = "hosts", security(("host" = []), ("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title"), ("If-Match" = String, Header, description = "The ETag of the details that were read, or `*`")),
    request_body(content = Object, example = json!({"place": "Hall 2"})),
    responses(
        (status = 200, body = DetailsBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn edit(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    credentials: Credentials,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let event = parse_event_id(&event)?;
    let details = details_for(&app, &credentials, &event, HostRole::CoHost).await?.get().clone();
    let expected = headers.get(header::IF_MATCH).ok_or_else(|| {
        let detail = "Send the `ETag` of the event as `If-Match`, so that you overwrite no edit of somebody else.";
        Problem::new(ProblemKind::VersionNeeded, detail)
    })?;
    check_version(expected, details.version)?;
    let details = store_edit(&app, details, &fields.map).await?;
    Ok(answer(&details))
}

/// Stores the details of an event with the fields that `patch` contains.
pub async fn store_edit(
    app: &App,
    mut details: EventDetails,
    patch: &Map<String, Value>,
) -> Result<EventDetails, Problem> {
    if patch.contains_key("visibility") {
        let detail = "The visibility of an event is chosen when it is created. Create another event instead.";
        return Err(Problem::new(ProblemKind::Conflict, detail));
    }
    let now = Timestamp::now();
    details.content = patched(&details.content, patch)?;
    // The creation of an event with a limit is told from a later limit by its time.
    let mut details = details.clone().limited(now.max(details.created_at.plus(Duration::from_millis(1))));
    if app.backend.events.store_details(&details, now).await? == Write::Conflict {
        return Err(outdated());
    }
    details.version += 1;
    Ok(details)
}

/// Refuses a request whose header `If-Match` names another version (RFC 9110, section 13.1.1).
pub fn check_version(expected: &HeaderValue, version: u64) -> Result<(), Problem> {
    let is_tag = |tag: &&str| {
        let opaque = tag.strip_prefix("W/").unwrap_or(tag);
        opaque.len() >= 2 && opaque.starts_with('"') && opaque.ends_with('"')
    };
    let tags: Vec<&str> = expected.to_str().unwrap_or_default().split(',').map(str::trim).collect();
    if tags == ["*"] {
        return Ok(());
    }
    if !tags.iter().all(is_tag) {
        let detail = "Invalid `If-Match`. Send the `ETag` of the event as you received it, with its quotation marks.";
        return Err(Problem::new(ProblemKind::MalformedRequest, detail));
    }
    if tags.contains(&entity_tag(version).as_str()) { Ok(()) } else { Err(outdated()) }
}

pub fn outdated() -> Problem {
    let detail = "Somebody else has edited this event in the meantime. Read it again, and repeat your edit.";
    Problem::new(ProblemKind::Outdated, detail).on_page("edit-outdated")
}

/// Cancels an event. Nobody can sign up any more; the roster stays.
///
/// Only for co-hosts, the host and the organiser.
#[utoipa::path(
    post, path = "/events/{event}/cancel", operation_id = "cancelEvent", tag = "hosts", security(("host" = []), ("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title")),
    responses((status = 200, body = DetailsBody), (status = "4XX", body = Problem, content_type = "application/problem+json")),
)]
pub async fn cancel(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    credentials: Credentials,
) -> Result<Response, Problem> {
    update(&app, &credentials, &event, HostRole::CoHost, |details, now| {
        details.cancelled_at.get_or_insert(now);
    })
    .await
}

/// Archives an event. It is closed, and no longer among the organiser's current events.
///
/// Only for the host and the organiser.
#[utoipa::path(
    post, path = "/events/{event}/archive", operation_id = "archiveEvent", tag = "hosts", security(("host" = []), ("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title")),
    responses((status = 200, body = DetailsBody), (status = "4XX", body = Problem, content_type = "application/problem+json")),
)]
pub async fn archive(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    credentials: Credentials,
) -> Result<Response, Problem> {
    update(&app, &credentials, &event, HostRole::Host, |details, now| {
        details.archived_at.get_or_insert(now);
    })
    .await
}

/// Undoes the cancellation and the archiving of an event.
///
/// Only for the host and the organiser.
#[utoipa::path(
    post, path = "/events/{event}/reopen", operation_id = "reopenEvent", tag = "hosts", security(("host" = []), ("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title")),
    responses((status = 200, body = DetailsBody), (status = "4XX", body = Problem, content_type = "application/problem+json")),
)]
pub async fn reopen(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    credentials: Credentials,
) -> Result<Response, Problem> {
    update(&app, &credentials, &event, HostRole::Host, |details, _| {
        (details.cancelled_at, details.archived_at) = (None, None);
    })
    .await
}

/// Changes the details of an event, and answers with them.
async fn update(
    app: &App,
    credentials: &Credentials,
    event: &str,
    role: HostRole,
    edit: impl Fn(&mut EventDetails, Timestamp) + Send,
) -> Result<Response, Problem> {
    Ok(answer(&change(app, credentials, event, role, edit).await?))
}

/// Applies a change to the details of an event that is right whatever others change at the same time.
pub async fn change(
    app: &App,
    credentials: &Credentials,
    event: &str,
    role: HostRole,
    edit: impl Fn(&mut EventDetails, Timestamp) + Send,
) -> Result<EventDetails, Problem> {
    let event = parse_event_id(event)?;
    let now = Timestamp::now();
    for _ in 0..MAX_ATTEMPTS {
        let details = details_for(app, credentials, &event, role).await?;
        let mut edited = details.get().clone();
        edit(&mut edited, now);
        if matches!(&details, EditableDetails::Stored(stored) if *stored == edited) {
            return Ok(edited);
        }
        if app.backend.events.store_details(&edited, now).await? == Write::Stored {
            edited.version += 1;
            return Ok(edited);
        }
    }
    Err(outdated())
}

/// Returns the details of an event to somebody with the role. The organiser gets new details for an event that has none.
pub async fn details_for(
    app: &App,
    credentials: &Credentials,
    event: &EventId,
    role: HostRole,
) -> Result<EditableDetails, Problem> {
    let found = find_event(app, event).await?;
    credentials.require(role, app, event, found.details().map(|details| details.links)).await?;
    let earlier = match found {
        FoundEvent::WithDetails(details) => return Ok(EditableDetails::Stored((*details).clone())),
        FoundEvent::WithoutDetails => None,
        FoundEvent::BegunAnew(earlier) => Some(earlier),
    };
    let title = app.backend.roster.roster(event, 1, None).await?.title.ok_or_else(no_such_event)?;
    let content = Content::titled(Title::parse(&title).map_err(|problem| problem.in_field("title"))?);
    let now = Timestamp::now();
    let details = match earlier {
        None => EventDetails::new(event.clone(), content, now),
        Some(earlier) => earlier.begin_anew(content, now),
    };
    Ok(EditableDetails::New(EventDetails { links: LinkGenerations::random(), ..details }))
}

impl EditableDetails {
    pub fn get(&self) -> &EventDetails {
        match self {
            Self::Stored(details) | Self::New(details) => details,
        }
    }
}

fn answer(details: &EventDetails) -> Response {
    ([(header::ETAG, entity_tag(details.version))], Json(DetailsBody::of(details))).into_response()
}
