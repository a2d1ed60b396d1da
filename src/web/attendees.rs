//! Who is coming: the roster in pages, and one attendee.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::attendee::Attendee;
use crate::attendee_name::NameKey;
use crate::channel::Channel;
use crate::event::EventId;
use crate::signup::AttendeeKey;
use crate::timestamp::Timestamp;
use crate::web::App;
use crate::web::problem::{Kind, Problem};

/// Names on a page of the roster unless the client says otherwise, and the most it may ask for.
pub const PAGE: usize = 100;
const LONGEST_PAGE: usize = 1_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many at the most, 1 to 1,000; 100 if absent.
    #[param(value_type = Option<usize>)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

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
    let page = app.roster.roster(&event, query.limit()?, after.as_ref()).await?;
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
    let attendee = app.roster.attendee(&AttendeeKey { event, name }).await?;
    let body = attendee
        .and_then(|attendee| Some(AttendeeBody { event: attendee.event.to_string(), entry: entry(&attendee)? }));
    body.map(Json).ok_or_else(|| Problem::new(Kind::NotFound, "nobody of this name is on the roster of this event"))
}

pub fn event_id(text: &str) -> Result<EventId, Problem> {
    EventId::parse(text).map_err(|problem| problem.in_field("event").into())
}

/// None for who is not in.
pub fn entry(attendee: &Attendee) -> Option<RosterEntry> {
    let stay = attendee.stay()?;
    Some(RosterEntry { name: attendee.name.to_string(), since: stay.since, channel: stay.channel })
}

impl PageQuery {
    pub fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = &self.limit else { return Ok(PAGE) };
        let limit = text.parse().ok().filter(|limit| (1..=LONGEST_PAGE).contains(limit));
        limit.ok_or_else(|| Problem::new(Kind::MalformedRequest, "`limit` must be a number from 1 to 1000"))
    }

    pub fn cursor(&self) -> Result<Option<String>, Problem> {
        let Some(text) = &self.cursor else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let cursor = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let detail = "`cursor` is none of ours; take it from `next` of the page before, or leave it out";
        cursor.map(Some).ok_or_else(|| Problem::new(Kind::MalformedRequest, detail))
    }
}

/// Of items asked for with one beyond the limit: the page, and the cursor of the next one if there is more.
pub fn cut<T>(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> &str) -> (Vec<T>, Option<String>) {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| to_cursor(key(last)));
    (items, next)
}

pub fn to_cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// RFC 9110, section 13.1.2; tags are compared weakly.
fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|value| value.split(',')).map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}
