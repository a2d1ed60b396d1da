//! `POST /` and `GET /`, compatible with the client scripts of the sample from 2016 on which this project is based.
//! Browsers get the start page.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::attendee::Attendee;
use crate::domain::event::EventId;
use crate::domain::event_link::EventLink;
use crate::domain::manage_link::{ManageToken, RegistrationState};
use crate::domain::timestamp::Timestamp;
use crate::formats::http_signup as http;
use crate::http::client::{ClientAddress, DefaultForm, wants_page};
use crate::http::client_network::Network;
use crate::http::event_view::Credentials;
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::own_registrations::OwnRegistration;
use crate::http::pages::OwnSignup;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::all_attendees;
use crate::http::routes::event_creation::check_creator;
use crate::http::routes::public_signup::{RequestKey, Sender, enqueue_public, idempotency_key};
use crate::http::routes::signup_form::lead_to_personal_page;
use crate::http::wait::wait_for_roster;
use crate::http::{App, event_list, own_registrations, pages};
use crate::notify::links::event_path;
use crate::ports::Unavailable;

/// The sign-ups of this browser that the start page shows.
const MAX_OWN_SIGNUPS: usize = 10;

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
    credentials: Credentials,
    locale: Locale,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let may_list = may_list_everyone(&app, address, &headers);
    if wants_page(&headers, DefaultForm::Json) {
        let events = event_list::first_listed(&app, pages::EVENTS_SHOWN, may_list).await?;
        let may_create = check_creator(&app, &credentials).await.is_ok();
        let own = own_signups(&app, &headers).await?;
        return Ok(pages::home(locale, may_create, &own, &events, app.delivery).into_response());
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
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    let sender = Sender { headers: &headers, network, language: locale.chosen() };
    let key = idempotency_key(&headers)?.map(RequestKey::Header);
    let accepted = enqueue_public(&app, &sender, key, |version| http::sample_signup(&fields.map, version)).await?;
    let attendee = wait_for_roster(&app, &accepted.signup).await;
    if fields.is_form {
        return lead_to_personal_page(&app, &headers, &accepted, attendee.as_ref(), false).await;
    }
    if may_list_everyone(&app, address, &headers) {
        return Ok(all_attendees_response(&app));
    }
    let only_requested: Vec<_> =
        attendee.iter().filter(|attendee| attendee.registration().is_some()).map(SampleEntry::of).collect();
    Ok(axum::Json(only_requested).into_response())
}

/// Returns the sign-ups that were made in this browser and are still on a list.
async fn own_signups(app: &App, headers: &HeaderMap) -> Result<Vec<OwnSignup>, Unavailable> {
    let mut own = Vec::new();
    for OwnRegistration { event, token } in own_registrations::read(app, headers).into_iter().take(MAX_OWN_SIGNUPS) {
        let Some(verified) = app.verify(|secret| ManageToken::verify(&event, &token, secret)).await? else { continue };
        let attendee = app.backend.roster.attendee(&verified.key).await?;
        let Some(attendee) =
            attendee.filter(|attendee| verified.state(Some(attendee), Timestamp::now()) == RegistrationState::In)
        else {
            continue;
        };
        let details = app.backend.events.stored(&event).await?;
        if details.details().is_some_and(|details| !details.takes_place(Timestamp::now())) {
            continue;
        }
        let title = details.details().map(|details| details.content.title.to_string());
        own.push(OwnSignup {
            title: title.unwrap_or_else(|| attendee.event_spelling().to_owned()),
            name: attendee.name.to_string(),
            path: event_path(&event, &["manage", &token]),
        });
    }
    Ok(own)
}

/// What a visitor typed to find an event.
#[derive(Deserialize)]
pub struct FindQuery {
    event: Option<String>,
}

/// Leads to the page of an event, whose link or title was typed.
pub async fn find(State(app): State<Arc<App>>, Query(query): Query<FindQuery>) -> Result<Redirect, Problem> {
    let typed = query.event.unwrap_or_default();
    let link = EventLink::parse_typed(&typed);
    // A personal link, or that of a host, leads to its own page.
    if let Some(EventLink { event, own_page: Some((page, token)) }) = &link {
        return Ok(Redirect::to(&event_path(event, &[page, token])));
    }
    let id = link.map_or_else(|| EventId::parse(&typed), |link| Ok(link.event));
    let unknown =
        || Problem::new(ProblemKind::NotFound, "There is no event with this name.").on_page("error-unknown-event");
    let id = id.map_err(|_| unknown())?;
    let exists = app.backend.events.stored(&id).await?.details().is_some()
        || app.backend.roster.roster(&id, 1, None).await?.title.is_some();
    if !exists {
        return Err(unknown());
    }
    Ok(Redirect::to(&(event_path(&id, &[]) + "#lost")))
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
