//! The roster of an event, page by page, and single attendees.

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

use crate::domain::attendee_name::NameKey;
use crate::domain::channel::Channel;
use crate::domain::place::Place;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::View;
use crate::http::event_view::Credentials;
use crate::http::paging::{PageQuery, encode_cursor, parse_event_id};
use crate::http::place_bodies::PlacesBody;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::roster_view::{RosterPerson, RosterView};
use crate::http::{App, event_view};
use crate::ports::place_of;

/// One page of an event's roster.
#[derive(Serialize, ToSchema)]
pub struct RosterBody {
    /// The id of the event.
    event: String,
    /// The title of the event, as the first sign-up spelled it; null if there were no sign-ups yet.
    title: Option<String>,
    /// The number of attendees on all pages, including those on the waiting list; null if you may not see it.
    count: Option<u64>,
    /// The places. Absent if their number is not limited, and for a moment after they have been limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    places: Option<PlacesBody>,
    attendees: Vec<RosterEntry>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

/// An attendee on the roster.
#[derive(Serialize, ToSchema)]
pub struct RosterEntry {
    name: String,
    /// The number of people who come along, or wait too. Guests for whom there was no place are not counted.
    guests: u8,
    /// When the registration began.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// The channel of the sign-up that began the registration.
    #[schema(value_type = String, example = "http")]
    channel: Channel,
    /// `confirmed` if the attendee has a place, `waiting` if they are on the waiting list, or `pending` if this is not decided
    /// yet. Absent if the places are not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "waiting")]
    state: Option<&'static str>,
    /// The position on the waiting list, from 1. Absent if the attendee does not wait, and in a list if more than 500 wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 3)]
    position: Option<u64>,
}

/// One attendee of an event.
#[derive(Serialize, ToSchema)]
pub struct AttendeeBody {
    /// The id of the event.
    event: String,
    #[serde(flatten)]
    entry: RosterEntry,
}

/// Lists the attendees of an event, sorted by name.
///
/// The roster of an unknown event is empty.
#[utoipa::path(
    get, path = "/events/{event}/attendees", operation_id = "listAttendees", tag = "roster",
    params(("event" = String, Path, description = "The event's id or title"), PageQuery, ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = RosterBody),
        (status = 304, description = "The roster has not changed since the given ETag"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    credentials: Credentials,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let event = parse_event_id(&event)?;
    let (found, view) = event_view::view(&app, &credentials, &event).await?;
    require_roster(view)?;
    let after = query.cursor()?.map(NameKey::from_stored);
    let roster = RosterView::read(&app, &event, found.details(), view, query.limit()?, after.as_ref()).await?;
    let attendees = roster.people().iter().map(RosterEntry::of).collect();
    let RosterView { page, counts, .. } = roster;
    let body = RosterBody {
        event: event.to_string(),
        title: page.title,
        count: view.count.then_some(page.count),
        places: counts.filter(|_| view.count),
        attendees,
        next: page.next.map(|name| encode_cursor(name.as_str())),
    };
    let json = serde_json::to_vec(&body).expect("a roster is plain data");
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&json)[..16]));
    let cached = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, "no-cache".to_owned())];
    if matches_etag(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, cached).into_response());
    }
    Ok((cached, [(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// Shows one attendee of an event.
#[utoipa::path(
    get, path = "/events/{event}/attendees/{name}", operation_id = "showAttendee", tag = "roster",
    params(("event" = String, Path, description = "The event's id or title"), ("name" = String, Path, description = "The attendee's name. Case and spacing do not matter.")),
    responses(
        (status = 200, body = AttendeeBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    Path((event, name)): Path<(String, String)>,
    credentials: Credentials,
) -> Result<Json<AttendeeBody>, Problem> {
    let event = parse_event_id(&event)?;
    let (found, view) = event_view::view(&app, &credentials, &event).await?;
    require_roster(view)?;
    let name = NameKey::of(&name).map_err(|problem| problem.in_field("name"))?;
    let attendee = app.backend.roster.attendee(&AttendeeKey { event, name }).await?;
    let registered = attendee.as_ref().and_then(|attendee| Some((attendee, attendee.registration()?)));
    let Some((attendee, registration)) = registered else {
        return Err(Problem::new(ProblemKind::NotFound, "There is no attendee of this name on this event's roster."));
    };
    let place = place_of(&*app.backend.seats, found.details(), attendee).await?;
    let entry = RosterEntry::of(&RosterPerson::of(attendee, registration, place));
    Ok(Json(AttendeeBody { event: attendee.event.to_string(), entry }))
}

fn require_roster(view: View) -> Result<(), Problem> {
    if view.roster {
        return Ok(());
    }
    let detail = "The host of this event does not show you who is coming. Attendees send the token of their personal \
                  link as `Authorization: Bearer …`, hosts that of their host's link.";
    Err(Problem::new(ProblemKind::Forbidden, detail))
}

impl RosterEntry {
    fn of(person: &RosterPerson<'_>) -> Self {
        Self {
            name: person.attendee.name.to_string(),
            guests: person.guests(),
            since: person.registration.since,
            channel: person.registration.channel,
            state: person.place.map(Place::as_str),
            position: person.place.and_then(Place::position),
        }
    }
}

/// Whether `If-None-Match` contains the ETag. Tags are compared weakly (RFC 9110, section 13.1.2).
fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|value| value.split(',')).map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}
