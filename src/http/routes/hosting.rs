//! Creating events, and what their hosts do with them: edit, cancel, archive, and make links.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::event::EventId;
use crate::domain::event_creators::EventCreators;
use crate::domain::event_details::{Content, EventDetails, Title};
use crate::domain::host_link::HostRole;
use crate::domain::invalid::{FieldProblem, choice};
use crate::domain::new_event_id::{candidates, unlisted};
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::Viewer;
use crate::formats::event_details::{from_json, patched};
use crate::formats::fields;
use crate::http::App;
use crate::http::client::absolute_url;
use crate::http::event_view::{Credentials, find_event, no_such_event};
use crate::http::middleware::body::Fields;
use crate::http::paging::parse_event_id;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::events::{DetailsBody, entity_tag};
use crate::notify::links::event_path;
use crate::ports::Write;

/// Attempts to store details that others store at the same time.
const MAX_ATTEMPTS: u32 = 5;

/// A created event.
#[derive(Serialize, ToSchema)]
pub struct CreatedEvent {
    /// The id of the event.
    pub event: String,
    /// The link for guests.
    pub url: String,
    /// The link of the host, who can edit and cancel the event. Keep it: it is shown only in this response.
    pub host: String,
    #[serde(flatten)]
    pub details: DetailsBody,
}

/// A link that gives its holder a role on an event.
#[derive(Serialize, ToSchema)]
pub struct LinkBody {
    /// `host`, `co_host` or `check_in`.
    pub role: &'static str,
    pub url: String,
}

/// The role of a link.
#[derive(Serialize, ToSchema)]
pub struct LinkRequest {
    /// `host`, `co_host` or `check_in`.
    #[schema(example = "co_host")]
    pub role: String,
}

/// Creates an event.
///
/// The id is made from the title. If there is an event with this id, the date and a number are appended. With
/// `"visibility": "unlisted"` the id ends in 26 random characters, and only who has the link finds the event.
#[utoipa::path(
    post, path = "/events", operation_id = "createEvent", tag = "hosts",
    request_body(content = Object, description = "The details of the event, and `visibility`: `listed` (default) or `unlisted`. Only `title` is required.",
        example = json!({"title": "Omar's dinner", "starts_at": "2026-12-03T19:00", "zone": "Europe/Berlin", "place": "Moorweg 3"})),
    responses(
        (status = 201, body = CreatedEvent),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    credentials: Credentials,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    if app.event_creators == EventCreators::Organiser {
        // The id of an event that does not exist has no hosts.
        let nowhere = EventId::from_stored(String::new());
        // Any other token is valid nowhere.
        if credentials.viewer(&app, &nowhere, None).await.ok() != Some(Viewer::Organiser) {
            let detail = "On this server only the organiser creates events. Send the organiser's key as `Authorization: Bearer …`.";
            return Err(Problem::new(ProblemKind::OrganiserKeyNeeded, detail));
        }
    }
    let content = from_json(&fields.map)?;
    let is_unlisted = match fields::optional_text(&fields.map, "visibility")? {
        None | Some("listed") => false,
        Some("unlisted") => true,
        Some(_) => {
            let choices = "`listed` and `unlisted`".to_owned();
            return Err(FieldProblem::NotAChoice { choices }.in_field("visibility").into());
        }
    };
    let now = Timestamp::now();
    let details = store_new(&app, content, is_unlisted, now).await?;
    let url = absolute_url(app.public_url.as_ref(), &headers, &event_path(&details.event, &[]));
    let created = CreatedEvent {
        event: details.event.to_string(),
        url: url.clone(),
        host: link(&app, &headers, &details, HostRole::Host).url,
        details: DetailsBody::of(&details),
    };
    let answer = [(header::LOCATION, url), (header::ETAG, entity_tag(&details))];
    Ok((StatusCode::CREATED, answer, Json(created)).into_response())
}

/// Stores a new event under the first id that is free.
async fn store_new(app: &App, content: Content, is_unlisted: bool, now: Timestamp) -> Result<EventDetails, Problem> {
    let date = content.schedule.as_ref().map_or_else(|| now.date(), |schedule| schedule.start().date());
    let title = content.title.to_string();
    let ids: Box<dyn Iterator<Item = EventId> + Send> =
        if is_unlisted { Box::new(std::iter::once(unlisted(&title))) } else { Box::new(candidates(&title, &date)) };
    for id in ids {
        let details = EventDetails::new(id, content.clone(), now);
        if app.backend.events.create_event(&details, now).await? == Write::Stored {
            return Ok(EventDetails { version: 1, ..details });
        }
    }
    let detail = "There are too many events with this title on this day. Please choose another title.";
    Err(Problem::new(ProblemKind::Conflict, detail))
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
    let mut details = details_for(&app, &credentials, &event, HostRole::CoHost).await?;
    let expected = headers.get(header::IF_MATCH).ok_or_else(|| {
        let detail = "Send the `ETag` of the event as `If-Match`, so that you overwrite no edit of somebody else.";
        Problem::new(ProblemKind::VersionNeeded, detail)
    })?;
    if !allows_version(expected, &entity_tag(&details))? {
        return Err(outdated());
    }
    if fields.map.contains_key("visibility") {
        let detail = "The visibility of an event is chosen when it is created. Create another event instead.";
        return Err(Problem::new(ProblemKind::Conflict, detail));
    }
    details.content = patched(&details.content, &fields.map)?;
    if app.backend.events.store_details(&details, Timestamp::now()).await? == Write::Conflict {
        return Err(outdated());
    }
    details.version += 1;
    Ok(answer(&details))
}

/// Returns whether `If-Match` contains the current tag (RFC 9110, section 13.1.1).
fn allows_version(expected: &HeaderValue, current: &str) -> Result<bool, Problem> {
    let is_tag = |tag: &&str| {
        let opaque = tag.strip_prefix("W/").unwrap_or(tag);
        opaque.len() >= 2 && opaque.starts_with('"') && opaque.ends_with('"')
    };
    let tags: Vec<&str> = expected.to_str().unwrap_or_default().split(',').map(str::trim).collect();
    if tags == ["*"] {
        return Ok(true);
    }
    if !tags.iter().all(is_tag) {
        let detail = "Invalid `If-Match`. Send the `ETag` of the event as you received it, with its quotation marks.";
        return Err(Problem::new(ProblemKind::MalformedRequest, detail));
    }
    Ok(tags.contains(&current))
}

fn outdated() -> Problem {
    let detail = "Somebody else has edited this event in the meantime. Read it again, and repeat your edit.";
    Problem::new(ProblemKind::Outdated, detail)
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

/// Shows the current link of a role.
///
/// Only for the host and the organiser. The organiser can give a host's link for any event, also for one that began with
/// a sign-up.
#[utoipa::path(
    post, path = "/events/{event}/links", operation_id = "showLink", tag = "hosts", security(("host" = []), ("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title")), request_body = LinkRequest,
    responses((status = 200, body = LinkBody), (status = "4XX", body = Problem, content_type = "application/problem+json")),
)]
pub async fn show_link(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    credentials: Credentials,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    authorise(&app, &credentials, &event, HostRole::Host).await?;
    let role = fields::parsed(&fields.map, "role", choice::<HostRole>)?;
    let details = change(&app, &credentials, &event, HostRole::Host, |_, _| {}).await?;
    Ok(Json(link(&app, &headers, &details, role)).into_response())
}

/// Makes all links of a role invalid, and shows the new one.
///
/// Only for the host and the organiser.
#[utoipa::path(
    post, path = "/events/{event}/links/revoke", operation_id = "revokeLinks", tag = "hosts", security(("host" = []), ("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title")), request_body = LinkRequest,
    responses((status = 200, body = LinkBody), (status = "4XX", body = Problem, content_type = "application/problem+json")),
)]
pub async fn revoke_links(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    credentials: Credentials,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    authorise(&app, &credentials, &event, HostRole::Host).await?;
    let role = fields::parsed(&fields.map, "role", choice::<HostRole>)?;
    let details = change(&app, &credentials, &event, HostRole::Host, |details, _| details.links.revoke(role)).await?;
    Ok(Json(link(&app, &headers, &details, role)).into_response())
}

fn link(app: &App, headers: &HeaderMap, details: &EventDetails, role: HostRole) -> LinkBody {
    let token = details.links.sign(&details.event, role, &app.token_secret);
    let path = event_path(&details.event, &["host", &token]);
    LinkBody { role: role.as_str(), url: absolute_url(app.public_url.as_ref(), headers, &path) }
}

/// Refuses whoever does not have the role.
async fn authorise(app: &App, credentials: &Credentials, event: &str, role: HostRole) -> Result<(), Problem> {
    details_for(app, credentials, &parse_event_id(event)?, role).await.map(drop)
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
async fn change(
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
        let mut edited = details.clone();
        edit(&mut edited, now);
        if edited == details && edited.version > 0 {
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
async fn details_for(
    app: &App,
    credentials: &Credentials,
    event: &EventId,
    role: HostRole,
) -> Result<EventDetails, Problem> {
    let details = find_event(app, event).await?;
    credentials.require(role, app, event, details.as_deref()).await?;
    if let Some(details) = details {
        return Ok((*details).clone());
    }
    let title = app.backend.roster.roster(event, 1, None).await?.title.ok_or_else(no_such_event)?;
    let title = Title::parse(&title).map_err(|problem| problem.in_field("title"))?;
    Ok(EventDetails::new(event.clone(), Content::titled(title), Timestamp::now()))
}

fn answer(details: &EventDetails) -> Response {
    ([(header::ETAG, entity_tag(details))], Json(DetailsBody::of(details))).into_response()
}
