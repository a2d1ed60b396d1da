//! Creating events.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::event::EventId;
use crate::domain::event_creators::EventCreators;
use crate::domain::event_details::{Content, EventDetails};
use crate::domain::host_link::{HostRole, LinkGenerations};
use crate::domain::invalid::FieldProblem;
use crate::domain::new_event_id::{candidates, unlisted};
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::Viewer;
use crate::formats::event_details::from_json;
use crate::formats::fields;
use crate::http::App;
use crate::http::client::{DefaultForm, absolute_url, wants_page};
use crate::http::event_view::{Credentials, entity_tag};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::events::DetailsBody;
use crate::http::routes::host_links::link;
use crate::http::routes::new_event;
use crate::notify::links::event_path;
use crate::ports::{StoredDetails, Unavailable, Write};

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
    locale: Locale,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    check_creator(&app, &credentials).await?;
    if fields.is_form && wants_page(&headers, DefaultForm::Page) {
        return new_event::create(&app, &headers, locale, fields.map).await;
    }
    let content = from_json(&fields.map)?;
    let is_unlisted = is_unlisted(&fields.map)?;
    let now = Timestamp::now();
    let details = store_new(&app, content, is_unlisted, now).await?;
    let url = absolute_url(app.public_url.as_ref(), &headers, &event_path(&details.event, &[]));
    let created = CreatedEvent {
        event: details.event.to_string(),
        url: url.clone(),
        host: link(&app, &headers, &details, HostRole::Host).url,
        details: DetailsBody::of(&details),
    };
    let answer = [(header::LOCATION, url), (header::ETAG, entity_tag(details.version))];
    Ok((StatusCode::CREATED, answer, Json(created)).into_response())
}

/// # Errors
/// Refuses the client if only the organiser creates events on this server, and the client is somebody else.
pub async fn check_creator(app: &App, credentials: &Credentials) -> Result<(), Problem> {
    if app.event_creators == EventCreators::Anyone {
        return Ok(());
    }
    // The id of an event that does not exist has no hosts. Any other token is valid nowhere.
    let nowhere = EventId::from_stored(String::new());
    if credentials.viewer(app, &nowhere, None).await.ok() == Some(Viewer::Organiser) {
        return Ok(());
    }
    let detail =
        "On this server only the organiser creates events. Send the organiser's key as `Authorization: Bearer …`.";
    Err(Problem::new(ProblemKind::OrganiserKeyNeeded, detail))
}

/// Whether a new event is found with its link alone.
pub fn is_unlisted(fields: &Map<String, Value>) -> Result<bool, Problem> {
    match fields::optional_text(fields, "visibility")? {
        None | Some("listed") => Ok(false),
        Some("unlisted") => Ok(true),
        Some(_) => {
            let choices = "`listed` and `unlisted`".to_owned();
            Err(FieldProblem::NotAChoice { choices }.in_field("visibility").into())
        }
    }
}

/// Stores a new event under the first id that is free.
pub async fn store_new(
    app: &App,
    content: Content,
    is_unlisted: bool,
    now: Timestamp,
) -> Result<EventDetails, Problem> {
    for id in ids(&content, is_unlisted, now) {
        let Some(mut details) = new_details(app, &id, content.clone(), now).await? else { continue };
        if app.backend.events.create_event(&details, now).await? == Write::Stored {
            details.version += 1;
            return Ok(details);
        }
    }
    Err(too_many_events())
}

/// Returns a new event with the first id that is free. It is not stored.
pub async fn first_free(
    app: &App,
    content: Content,
    is_unlisted: bool,
    now: Timestamp,
) -> Result<EventDetails, Problem> {
    for id in ids(&content, is_unlisted, now) {
        if let Some(details) = new_details(app, &id, content.clone(), now).await? {
            return Ok(details);
        }
    }
    Err(too_many_events())
}

/// The ids to try, best first.
fn ids(content: &Content, is_unlisted: bool, now: Timestamp) -> Box<dyn Iterator<Item = EventId> + Send> {
    let date = content.schedule.as_ref().map_or_else(|| now.date(), |schedule| schedule.start().date());
    let title = content.title.as_str();
    if is_unlisted {
        Box::new(std::iter::once(unlisted(title)))
    } else {
        Box::new(candidates(title, &date).collect::<Vec<_>>().into_iter())
    }
}

fn too_many_events() -> Problem {
    let detail = "There are too many events with this title on this day. Please choose another title.";
    Problem::new(ProblemKind::Conflict, detail).on_page("new-too-many")
}

/// Returns the details of a new event with this id, or `None` if the id is taken, or its event was deleted just now.
async fn new_details(
    app: &App,
    id: &EventId,
    content: Content,
    now: Timestamp,
) -> Result<Option<EventDetails>, Unavailable> {
    let details = match app.backend.events.stored(id).await? {
        StoredDetails::None => Some(EventDetails::new(id.clone(), content, now)),
        // The sign-ups for the new event would count as late ones for the deleted event.
        StoredDetails::Deleted(earlier) if earlier.covers(now) => None,
        StoredDetails::Deleted(earlier) => Some(earlier.begin_anew(content, now)),
        StoredDetails::Some(_) | StoredDetails::Damaged(_) => None,
    };
    Ok(details.map(|details| EventDetails { links: LinkGenerations::random(), ..details }))
}
