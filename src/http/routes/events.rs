//! The public view of one event.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attendee_name::NameKey;
use crate::domain::event::Event;
use crate::domain::event_details::EventDetails;
use crate::domain::timestamp::Timestamp;
use crate::formats::event_details::DetailsFields;
use crate::http::client::wants_page;
use crate::http::event_view::{Credentials, find_event};
use crate::http::pages::RosterPart;
use crate::http::paging::{DEFAULT_LIMIT, PageQuery};
use crate::http::place_bodies::PlacesBody;
use crate::http::problem::Problem;
use crate::http::roster_view::RosterView;
use crate::http::{App, pages};

/// An event and its number of attendees.
#[derive(Serialize, ToSchema)]
pub struct EventBody {
    /// The id of the event.
    event: String,
    title: String,
    /// The number of attendees, including those on the waiting list; null if you may not see it.
    count: Option<u64>,
    /// The places. Absent if their number is not limited, if you may not see the number of attendees, and for a moment after
    /// the places have been limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    places: Option<PlacesBody>,
    /// The details of the event; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<DetailsBody>,
    /// The version that an edit must name as the `ETag`; absent in a list, and if it is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
}

/// The details of an event and its state.
#[derive(Serialize, ToSchema)]
pub struct DetailsBody {
    #[serde(flatten)]
    fields: DetailsFields,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the event was cancelled; null if it was not.
    #[schema(value_type = Option<String>, format = DateTime)]
    cancelled_at: Option<Timestamp>,
    /// When the event was archived; null if it was not.
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
    /// The number of the edit. It is also the `ETag`.
    version: u64,
}

impl DetailsBody {
    pub fn of(details: &EventDetails) -> Self {
        Self {
            fields: DetailsFields::of(&details.content),
            created_at: details.created_at,
            cancelled_at: details.cancelled_at,
            archived_at: details.archived_at,
            version: details.version,
        }
    }
}

/// Shows one event.
///
/// Browsers get the page on which people sign up and see who is coming.
#[utoipa::path(
    get, path = "/events/{event}", operation_id = "showEvent", tag = "roster",
    params(("event" = String, Path, description = "The event's id or title"), PageQuery),
    responses(
        (status = 200, content((EventBody = "application/json"), (String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    Path(title): Path<String>,
    credentials: Credentials,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let event = Event::parse(&title).map_err(|problem| problem.in_field("event"))?;
    let found = find_event(&app, event.id()).await?;
    let details = found.details();
    let viewer = credentials.viewer(&app, event.id(), details).await?;
    let view = viewer.view(details);
    let event = match details {
        Some(details) => Event::titled(event.id().clone(), details.content.title.to_string()),
        None => event,
    };
    if wants_page(&headers) {
        let after = query.cursor()?.map(NameKey::from_stored);
        let roster = RosterView::read(&app, event.id(), details, view, DEFAULT_LIMIT, after.as_ref()).await?;
        let title = details.map(|_| event.title().to_owned()).or(roster.page.title.clone());
        let event = Event::titled(event.id().clone(), title.unwrap_or_else(|| event.title().to_owned()));
        let part = if after.is_none() { RosterPart::First } else { RosterPart::Later };
        let refusal = details.and_then(|details| details.check_open(Timestamp::now()).err());
        return Ok(pages::event(&event, details, refusal.as_ref(), &roster, part, viewer).into_response());
    }
    let page = app.backend.roster.roster(event.id(), 1, None).await?;
    let title = match details {
        Some(_) => event.title().to_owned(),
        None => page.title.unwrap_or_else(|| event.title().to_owned()),
    };
    let body = EventBody {
        event: event.id().to_string(),
        title,
        count: view.count.then_some(page.count),
        places: PlacesBody::of(details, page.count, page.seats).filter(|_| view.count),
        details: details.map(DetailsBody::of),
        version: Some(found.version()).filter(|version| *version > 0),
    };
    Ok(([(header::ETAG, found.entity_tag())], Json(body)).into_response())
}
