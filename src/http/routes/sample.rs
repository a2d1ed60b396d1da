//! `POST /` and `GET /`, compatible with the client scripts of the sample from 2016 on which this project is based.
//! Browsers get the start page.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attendee::Attendee;
use crate::domain::event::EventId;
use crate::domain::manage_link::ManageToken;
use crate::domain::viewer::Viewer;
use crate::formats::http_signup as http;
use crate::http::client::{ClientAddress, wants_page};
use crate::http::client_network::Network;
use crate::http::middleware::body::Fields;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::all_attendees;
use crate::http::routes::signups::enqueue_public;
use crate::http::wait::{wait_for_place, wait_for_roster};
use crate::http::{App, pages};
use crate::notify::links::event_path;
use crate::ports::{EventSummary, Unavailable, listed_events};

/// An attendee of an event, as in the 2016 sample.
#[derive(Serialize, ToSchema)]
pub struct SampleEntry {
    #[schema(example = "Dance")]
    pub event: String,
    #[schema(example = "Melvin")]
    pub name: String,
}

/// Lists all attendees of all events.
///
/// By default, only clients on the server's own machine may list them. The operator can change that.
#[utoipa::path(
    get, path = "/", operation_id = "listEverybody", tag = "sample",
    responses(
        (status = 200, content((Vec<SampleEntry> = "application/json"), (String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let may_list = may_list_everyone(&app, address, &headers);
    if wants_page(&headers) {
        let events =
            if may_list { listed_events(&*app.backend.roster, pages::EVENTS_SHOWN).await? } else { Vec::new() };
        let without_count = events_without_count(&app, &events).await?;
        return Ok(pages::home(&events, &without_count).into_response());
    }
    if !may_list {
        let detail = "This server does not list the attendees of all events to you. \
                      Read the roster of one event at /events/{event}/attendees.";
        return Err(Problem::new(ProblemKind::Forbidden, detail));
    }
    Ok(all_attendees_response(&app))
}

/// Signs up an attendee and lists all attendees of all events.
///
/// The response waits until the sign-up is on the roster, at most 2 seconds. If the client may not list all attendees,
/// the list contains only the attendee of this request.
#[utoipa::path(
    post, path = "/", operation_id = "signUpAsIn2016", tag = "sample",
    request_body = SampleEntry,
    responses(
        (status = 200, body = Vec<SampleEntry>),
        (status = 303, description = "Redirect to the manage page, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn sign_up(
    State(app): State<Arc<App>>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    Network(network): Network,
    fields: Fields,
) -> Result<Response, Problem> {
    let signup = enqueue_public(&app, &headers, network, |version| http::sample_signup(&fields.map, version)).await?;
    let attendee = wait_for_roster(&app, &signup).await;
    if fields.is_form {
        let details = app.backend.events.stored(signup.event.id()).await?;
        wait_for_place(&app, details.details(), attendee.as_ref()).await;
        let token = ManageToken::of(&signup).sign(&app.token_secret);
        return Ok(Redirect::to(&event_path(signup.event.id(), &["manage", &token])).into_response());
    }
    if may_list_everyone(&app, address, &headers) {
        return Ok(all_attendees_response(&app));
    }
    let only_requested: Vec<_> =
        attendee.iter().filter(|attendee| attendee.registration().is_some()).map(SampleEntry::of).collect();
    Ok(axum::Json(only_requested).into_response())
}

/// Returns the events whose number of attendees is not public.
async fn events_without_count(app: &App, events: &[EventSummary]) -> Result<Vec<EventId>, Unavailable> {
    let ids: Vec<EventId> = events.iter().map(|event| event.id.clone()).collect();
    let details = app.backend.events.details(&ids).await?;
    let hidden = ids.into_iter().zip(&details).filter(|(_, details)| !details.view(Viewer::Public).count);
    Ok(hidden.map(|(id, _)| id).collect())
}

fn may_list_everyone(app: &App, address: Option<Extension<ClientAddress>>, headers: &HeaderMap) -> bool {
    app.list_everyone.allows(address.map(|Extension(address)| address), headers)
}

fn all_attendees_response(app: &App) -> Response {
    let mut separator = "";
    let body = all_attendees::public_body(
        Arc::clone(&app.backend.roster),
        Arc::clone(&app.backend.events),
        "[",
        "]",
        move |page| {
            let mut json = Vec::new();
            for attendee in page {
                json.extend_from_slice(separator.as_bytes());
                serde_json::to_writer(&mut json, &SampleEntry::of(attendee))
                    .expect("writing to a vector does not fail");
                separator = ",";
            }
            json
        },
    );
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

impl SampleEntry {
    fn of(attendee: &Attendee) -> Self {
        Self { event: attendee.event_spelling().to_owned(), name: attendee.name.to_string() }
    }
}
