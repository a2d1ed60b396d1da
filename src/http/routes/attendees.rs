//! Who is coming: the roster in pages, and one attendee.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::channel::Channel;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::http::App;
use crate::http::paging::{PageQuery, event_id, to_cursor};
use crate::http::problem::{Kind, Problem};

#[derive(Serialize, ToSchema)]
pub struct RosterBody {
    /// The event's id.
    event: String,
    /// The event as first typed; null if nobody ever signed up.
    title: Option<String>,
    /// How many are in, on all pages.
    count: u64,
    attendees: Vec<RosterEntry>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct RosterEntry {
    name: String,
    /// When this stay began.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[schema(value_type = String, example = "http")]
    channel: Channel,
}

#[derive(Serialize, ToSchema)]
pub struct AttendeeBody {
    event: String,
    #[serde(flatten)]
    entry: RosterEntry,
}

/// A page of an event's roster, by name. An event that nobody signed up for is empty.
#[utoipa::path(
    get, path = "/events/{event}/attendees", operation_id = "listAttendees", tag = "roster",
    params(("event" = String, Path), PageQuery, ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = RosterBody),
        (status = 304, description = "Unchanged since the given ETag"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn roster(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let event = event_id(&event)?;
    let after = query.cursor()?.map(NameKey::from_stored);
    let page = app.backend.roster.roster(&event, query.limit()?, after.as_ref()).await?;
    let body = RosterBody {
        event: event.to_string(),
        title: page.title,
        count: page.count,
        attendees: page.attendees.iter().filter_map(entry).collect(),
        next: page.next.map(|name| to_cursor(name.as_str())),
    };
    let json = serde_json::to_vec(&body).expect("a roster is plain data");
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&json)[..16]));
    let cached = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, "no-cache".to_owned())];
    if matches_etag(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, cached).into_response());
    }
    Ok((cached, [(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// One attendee who is in.
#[utoipa::path(
    get, path = "/events/{event}/attendees/{name}", operation_id = "showAttendee", tag = "roster",
    params(("event" = String, Path), ("name" = String, Path, description = "The name, in any spelling")),
    responses(
        (status = 200, body = AttendeeBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn attendee(
    State(app): State<Arc<App>>,
    Path((event, name)): Path<(String, String)>,
) -> Result<Json<AttendeeBody>, Problem> {
    let event = event_id(&event)?;
    let name = NameKey::of(&name).map_err(|problem| problem.in_field("name"))?;
    let attendee = app.backend.roster.attendee(&AttendeeKey { event, name }).await?;
    let body = attendee
        .and_then(|attendee| Some(AttendeeBody { event: attendee.event.to_string(), entry: entry(&attendee)? }));
    body.map(Json).ok_or_else(|| Problem::new(Kind::NotFound, "nobody of this name is on the roster of this event"))
}

/// None for who is not in.
pub fn entry(attendee: &Attendee) -> Option<RosterEntry> {
    let registration = attendee.registration()?;
    Some(RosterEntry { name: attendee.name.to_string(), since: registration.since, channel: registration.channel })
}

/// RFC 9110, section 13.1.2; tags are compared weakly.
fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|value| value.split(',')).map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}
