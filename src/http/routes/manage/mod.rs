//! The personal link of a registration. A GET request changes nothing; a POST request changes the registration.

mod request;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

pub use self::request::ManageRequest;
use self::request::{adds_guests, parse_request, signup_of};
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
use crate::domain::event_details::EventDetails;
use crate::domain::manage_link::{ManageToken, RegistrationState};
use crate::domain::place::Place;
use crate::domain::registration::Registration;
use crate::domain::signup::{Request, Signup};
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::Viewer;
use crate::http::bodies::{ManageBody, RegistrationBody};
use crate::http::client::wants_page;
use crate::http::client_network::Network;
use crate::http::event_view::{no_such_event, read_details};
use crate::http::messages::messages_to;
use crate::http::middleware::body::Fields;
use crate::http::opt_in_bodies::ContactAgreement;
use crate::http::paging::{DEFAULT_LIMIT, PageQuery, parse_event_id};
use crate::http::place_bodies::PlaceBody;
use crate::http::problem::{Problem, ProblemKind, sentence};
use crate::http::roster_view::RosterView;
use crate::http::routes::signups;
use crate::http::wait::{wait_for_place, wait_for_roster};
use crate::http::{App, address_proof, pages};
use crate::ingest::admission::needs_admission;
use crate::notify::links::event_path;
use crate::ports::{StoredDetails, place_of};

/// Shows the registration of a personal link.
#[utoipa::path(
    get, path = "/events/{event}/manage/{token}", operation_id = "showStay", tag = "signups",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the personal link")),
    responses(
        (status = 200, content((ManageBody = "application/json"), (String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = verify_token(&app, &event, &token).await?;
    let (stored, attendee) = find_attendee(&app, &token).await?;
    let mut body = manage_body(&app, &token, stored.details(), attendee.as_ref()).await?;
    if let Some(attendee) = attendee.as_ref().filter(|_| body.state == RegistrationState::In) {
        body.messages = messages_to(&app, attendee).await?;
    }
    if wants_page(&headers) {
        let details = read_details(&app, &token.key.event).await?;
        let content = details.as_deref().map(|details| &details.content);
        let title = match content {
            Some(content) => content.title.to_string(),
            None => app.backend.roster.roster(&token.key.event, 1, None).await?.title.unwrap_or(event),
        };
        let roster = match body.state {
            RegistrationState::In => roster_for_attendees(&app, &token, details.as_deref(), &query).await?,
            RegistrationState::Pending | RegistrationState::Out | RegistrationState::NotYours => None,
        };
        let event_path = event_path(&token.key.event, &[]);
        return Ok(pages::manage(&title, &event_path, content, &body, roster.as_ref()).into_response());
    }
    Ok(Json(body).into_response())
}

/// Returns a page of the roster if attendees see it, but not everybody.
async fn roster_for_attendees(
    app: &App,
    token: &ManageToken,
    details: Option<&EventDetails>,
    query: &PageQuery,
) -> Result<Option<RosterView>, Problem> {
    if !Viewer::Attendee.view(details).roster || Viewer::Public.view(details).roster {
        return Ok(None);
    }
    let after = query.cursor()?.map(NameKey::from_stored);
    let view = Viewer::Attendee.view(details);
    Ok(Some(RosterView::read(app, &token.key.event, details, view, DEFAULT_LIMIT, after.as_ref()).await?))
}

/// Cancels the registration of a personal link, changes its contact, or turns its notifications on or off.
#[utoipa::path(
    post, path = "/events/{event}/manage/{token}", operation_id = "changeStay", tag = "signups",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the personal link")),
    request_body = ManageRequest,
    responses(
        (status = 202, body = ManageBody),
        (status = 303, description = "Redirect to the same page, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    Path((event, token_text)): Path<(String, String)>,
    headers: HeaderMap,
    Network(network): Network,
    fields: Fields,
) -> Result<Response, Problem> {
    let token = verify_token(&app, &event, &token_text).await?;
    let (mut request, mut network_of_contact) = (parse_request(&token, &fields.map)?, None);
    if let Request::SetContact { contact: Some(contact), confirmed, .. } = &mut request {
        *confirmed = address_proof::proves_control(&app, &headers, contact).await?;
        network_of_contact = network;
    }
    let (stored, attendee) = find_attendee(&app, &token).await?;
    let body = match (token.state(attendee.as_ref(), Timestamp::now()), &request) {
        (RegistrationState::NotYours, _) => {
            let detail =
                "This link belongs to another sign-up with this name, so it cannot change the one that is on the list.";
            return Err(Problem::new(ProblemKind::Forbidden, detail));
        }
        (RegistrationState::Out, Request::CancelRegistration { .. }) => {
            manage_body(&app, &token, stored.details(), attendee.as_ref()).await?
        }
        (RegistrationState::Out, _) => {
            let detail = "This sign-up is no longer on the list. Please sign up again.";
            return Err(Problem::new(ProblemKind::Conflict, detail));
        }
        (RegistrationState::In | RegistrationState::Pending, _) => {
            if adds_guests(&request, attendee.as_ref())
                && let Some(details) = read_details(&app, &token.key.event).await?
            {
                details
                    .check_open(Timestamp::now())
                    .map_err(|refusal| Problem::new(ProblemKind::Conflict, sentence(&refusal.to_string())))?;
            }
            let signup = signup_of(&token, &event, attendee.as_ref(), request)?;
            let mut signup = Signup { network: network_of_contact, ..signup };
            if needs_admission(&signup.request) {
                signup = signups::admitted(&app, signup).await?;
            }
            signups::enqueue(&app, &signup).await?;
            let attendee = wait_for_roster(&app, &signup).await;
            wait_for_place(&app, stored.details(), attendee.as_ref()).await;
            manage_body(&app, &token, stored.details(), attendee.as_ref()).await?
        }
    };
    if fields.is_form {
        return Ok(Redirect::to(&event_path(&token.key.event, &["manage", &token_text])).into_response());
    }
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

async fn verify_token(app: &App, event: &str, token: &str) -> Result<ManageToken, Problem> {
    let event = parse_event_id(event)?;
    app.verify(|secret| ManageToken::verify(&event, token, secret)).await?.ok_or_else(|| {
        let detail = "This link is incomplete. Copy the whole link from your message and try again.";
        Problem::new(ProblemKind::NotFound, detail)
    })
}

/// Returns what is stored about the event of a personal link, and its attendee, or `None` if none is stored.
///
/// # Errors
/// Returns "not found" if the event was deleted since the sign-up of the link.
async fn find_attendee(app: &App, token: &ManageToken) -> Result<(StoredDetails, Option<Attendee>), Problem> {
    let stored = app.backend.events.stored(&token.key.event).await?;
    let attendee = app.backend.roster.attendee(&token.key).await?;
    let is_void = stored.is_void_registration(&token.signup, attendee.as_ref());
    if is_void { Err(no_such_event()) } else { Ok((stored, attendee)) }
}

/// `details` are those of the event.
async fn manage_body(
    app: &App,
    token: &ManageToken,
    details: Option<&EventDetails>,
    attendee: Option<&Attendee>,
) -> Result<ManageBody, Problem> {
    let state = token.state(attendee, Timestamp::now());
    let registration = attendee.filter(|_| state == RegistrationState::In).and_then(Attendee::registration);
    let agreement = match registration {
        Some(registration) => agreement(app, registration).await?,
        None => None,
    };
    let place = match (state, attendee) {
        (RegistrationState::In, Some(attendee)) => place_of(&*app.backend.seats, details, attendee).await?,
        (RegistrationState::Pending, _) => details.is_some_and(EventDetails::is_limited).then_some(Place::Pending),
        (RegistrationState::In | RegistrationState::Out | RegistrationState::NotYours, _) => None,
    };
    let guests =
        |registration: &Registration| place.map_or(registration.details.guests, |place| place.guests(registration));
    Ok(ManageBody {
        event: token.key.event.to_string(),
        name: attendee.map_or_else(|| token.key.name.as_str().to_owned(), |attendee| attendee.name.to_string()),
        state,
        place: place.map(PlaceBody::from),
        contact: registration.and_then(|registration| registration.contact.as_ref()).map(Contact::kind),
        details: registration.map(|registration| RegistrationBody {
            guests: guests(registration),
            ..RegistrationBody::of(&registration.details)
        }),
        notify: registration.map(|registration| registration.notify),
        agreement,
        messages: Vec::new(),
    })
}

/// Returns whether the owner of the registration's contact has agreed to notifications about it.
async fn agreement(app: &App, registration: &Registration) -> Result<Option<ContactAgreement>, Problem> {
    let Some(contact) = &registration.contact else { return Ok(None) };
    let Some(secret) = app.secrets.contact_secret().await? else { return Ok(None) };
    let opt_in = app.backend.contacts.opt_in(&ContactId::of(contact, &secret)).await?;
    let is_given = opt_in.is_some_and(|opt_in| opt_in.permits(registration));
    Ok(Some(if is_given { ContactAgreement::Given } else { ContactAgreement::Missing }))
}
