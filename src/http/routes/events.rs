//! The public view of one event.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attendee_name::NameKey;
use crate::domain::event::Event;
use crate::domain::event_details::EventDetails;
use crate::domain::manage_link::RegistrationState;
use crate::domain::timestamp::Timestamp;
use crate::formats::event_details::DetailsFields;
use crate::formats::fields as read;
use crate::http::client::{DefaultForm, absolute_url, wants_page};
use crate::http::event_view::{Credentials, find_event, no_such_event};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::own_registrations::OwnRegistration;
use crate::http::pages::{EventPage, Form, OwnPlace, Page, RosterPart};
use crate::http::paging::{DEFAULT_LIMIT, PageQuery, parse_event_id};
use crate::http::place_bodies::PlacesBody;
use crate::http::problem::Problem;
use crate::http::roster_view::RosterView;
use crate::http::{App, own_registrations};
use crate::notify::links::event_path;
use crate::ports::{Unavailable, place_of};

/// The registrations of this browser that an event's page shows.
const MAX_OWN_PLACES: usize = 5;

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
    locale: Locale,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let event = Event::parse(&title).map_err(|problem| problem.in_field("event"))?;
    if wants_page(&headers, DefaultForm::Page) {
        let after = query.cursor()?.map(NameKey::from_stored);
        let form = Form::empty(locale);
        return Ok(event_page(&app, &event, &credentials, &headers, &form, after.as_ref()).await?.into_response());
    }
    let found = find_event(&app, event.id()).await?;
    let details = found.details();
    let viewer = credentials.viewer(&app, event.id(), details).await?;
    let view = viewer.view(details);
    let event = match details {
        Some(details) => Event::titled(event.id().clone(), details.content.title.to_string()),
        None => event,
    };
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

/// Returns the page of an event, with the part of its roster after `after`.
pub async fn event_page(
    app: &App,
    event: &Event,
    credentials: &Credentials,
    headers: &HeaderMap,
    form: &Form,
    after: Option<&NameKey>,
) -> Result<Page, Problem> {
    let found = find_event(app, event.id()).await?;
    let details = found.details();
    let viewer = credentials.viewer(app, event.id(), details).await?;
    let roster = RosterView::read(app, event.id(), details, viewer.view(details), DEFAULT_LIMIT, after).await?;
    let title = match (details, &roster.page.title) {
        (Some(details), _) => details.content.title.to_string(),
        (None, Some(title)) => title.clone(),
        (None, None) => return Err(no_such_event()),
    };
    let event = Event::titled(event.id().clone(), title);
    let own = own_places(app, headers, &event, details).await?;
    let page = EventPage {
        event: &event,
        details,
        refusal: details.and_then(|details| details.check_open(Timestamp::now()).err()),
        roster: &roster,
        part: if after.is_none() { RosterPart::First } else { RosterPart::Later },
        viewer,
        own: &own,
        delivery: app.delivery,
        url: &absolute_url(app.public_url.as_ref(), headers, &event_path(event.id(), &[])),
        form,
    };
    Ok(page.page())
}

/// Returns the registrations that were made in this browser for the event.
async fn own_places(
    app: &App,
    headers: &HeaderMap,
    event: &Event,
    details: Option<&EventDetails>,
) -> Result<Vec<OwnPlace>, Unavailable> {
    let mut own = Vec::new();
    for (token, text) in own_registrations::of_event(app, headers, event.id()).await?.into_iter().take(MAX_OWN_PLACES) {
        let attendee = app.backend.roster.attendee(&token.key).await?;
        let state = token.state(attendee.as_ref(), Timestamp::now());
        let place = match &attendee {
            Some(attendee) if state == RegistrationState::In => {
                place_of(&*app.backend.seats, details, attendee).await?
            }
            _ => None,
        };
        own.push(OwnPlace {
            name: attendee.map_or_else(|| token.key.name.as_str().to_owned(), |attendee| attendee.name.to_string()),
            path: event_path(event.id(), &["manage", &text]),
            token: text,
            state,
            place,
        });
    }
    Ok(own)
}

/// Makes this browser forget a sign-up that was made in it.
pub async fn forget(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let event = parse_event_id(&event)?;
    let token = read::text(&fields.map, "token")?.to_owned();
    let cookie = own_registrations::forget(&app, &headers, &OwnRegistration { event: event.clone(), token });
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&event_path(&event, &[]))).into_response())
}
