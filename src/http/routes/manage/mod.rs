//! The personal link of a registration. A GET request changes nothing; a POST request changes the registration.

mod form;
mod page;
mod request;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value};

use self::form::with_typed_contact;
use self::page::{RepeatQuery, body_with_messages, manage_page};
pub use self::request::ManageRequest;
use self::request::{adds_guests, leave_unchanged_guests, parse_request, signup_of};
use crate::domain::attendee::Attendee;
use crate::domain::contact::Contact;
use crate::domain::event_details::EventDetails;
use crate::domain::manage_link::{ManageToken, RegistrationState};
use crate::domain::place::Place;
use crate::domain::registration::Registration;
use crate::domain::signup::{Request, Signup};
use crate::domain::timestamp::Timestamp;
use crate::http::address_state::agreement;
use crate::http::bodies::{ManageBody, RegistrationBody};
use crate::http::client::{DefaultForm, wants_page};
use crate::http::client_network::Network;
use crate::http::event_view::{no_such_event, read_details};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::own_registrations::OwnRegistration;
use crate::http::pages::Form;
use crate::http::paging::{PageQuery, parse_event_id};
use crate::http::place_bodies::PlaceBody;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::public_signup::Sender;
use crate::http::routes::signup_form::with_phone_as_contact;
use crate::http::routes::signups;
use crate::http::wait::{wait_for_place, wait_for_roster, wait_until_free};
use crate::http::{App, address_proof, own_registrations};
use crate::ingest::admission::needs_admission;
use crate::notify::links::event_path;
use crate::ports::{StoredDetails, Unavailable, place_of};

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
    Path((event, token_text)): Path<(String, String)>,
    Query(page): Query<PageQuery>,
    Query(repeat): Query<RepeatQuery>,
    locale: Locale,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = verify_token(&app, &event, &token_text).await?;
    if wants_page(&headers, DefaultForm::Page) {
        if let Some(newer) = newer_registration(&app, &headers, &token).await? {
            return Ok(Redirect::to(&newer).into_response());
        }
        let page = manage_page(&app, &event, &token, &page, &repeat, &Form::empty(locale)).await?;
        return Ok(match remembered(&app, &headers, &token).await? {
            Some(cookie) => ([(header::SET_COOKIE, cookie)], page).into_response(),
            None => page.into_response(),
        });
    }
    let (stored, attendee) = find_attendee(&app, &token).await?;
    let (body, _) = body_with_messages(&app, &token, stored.details(), attendee.as_ref(), None).await?;
    Ok(Json(body).into_response())
}

/// Returns the cookie with which this browser remembers the registration, so that the event's page shows it. `None` if it does
/// already, or if the registration is not on the list.
async fn remembered(app: &App, headers: &HeaderMap, token: &ManageToken) -> Result<Option<String>, Unavailable> {
    let own = own_registrations::of_event(app, headers, &token.key.event).await?;
    if own.iter().any(|(own, _)| own == token) {
        return Ok(None);
    }
    let attendee = app.backend.roster.attendee(&token.key).await?;
    let is_in = token.state(attendee.as_ref(), Timestamp::now()) == RegistrationState::In;
    let registration = OwnRegistration { event: token.key.event.clone(), token: token.sign(&app.token_secret) };
    Ok(is_in.then(|| own_registrations::add(app, headers, registration)))
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
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    let token = verify_token(&app, &event, &token_text).await?;
    let sender = Sender { headers: &headers, network, language: locale.chosen() };
    if !fields.is_form {
        let body = apply(&app, &event, &token, &sender, &fields.map).await?;
        return Ok((StatusCode::ACCEPTED, Json(body)).into_response());
    }
    let typed = fields.map;
    let changed = match with_phone_as_contact(&typed).and_then(|fields| with_typed_contact(&fields)) {
        Ok(fields) => apply(&app, &event, &token, &sender, &fields).await,
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(_) => {
            let is_cancel = typed.get("action").is_some_and(|action| action == "cancel");
            let saved = if is_cancel { "?cancelled" } else { "?saved" };
            Ok(Redirect::to(&(event_path(&token.key.event, &["manage", &token_text]) + saved)).into_response())
        }
        Err(problem) if wants_page(&headers, DefaultForm::Page) => {
            let form = Form::refused(locale, typed, problem.clone());
            // The page may not exist any more. Then the problem says so.
            let (page, repeat) = (PageQuery::default(), RepeatQuery::default());
            let page = manage_page(&app, &event, &token, &page, &repeat, &form).await.map_err(|_| problem)?;
            Ok((form.status(), page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// Applies a request of the registration's owner.
async fn apply(
    app: &App,
    event: &str,
    token: &ManageToken,
    sender: &Sender<'_>,
    fields: &Map<String, Value>,
) -> Result<ManageBody, Problem> {
    let (mut request, mut network_of_contact) = (parse_request(token, fields)?, None);
    if let Request::SetContact { contact: Some(contact), confirmed, .. } = &mut request {
        *confirmed = address_proof::proves_control(app, sender.headers, contact).await?;
        network_of_contact = sender.network;
    }
    let (stored, attendee) = find_attendee(app, token).await?;
    leave_unchanged_guests(&mut request, attendee.as_ref());
    let (body, _) = match (token.state(attendee.as_ref(), Timestamp::now()), &request) {
        (RegistrationState::NotYours, _) => {
            let detail =
                "This link belongs to another sign-up with this name, so it cannot change the one that is on the list.";
            return Err(Problem::new(ProblemKind::Forbidden, detail).on_page("error-not-yours"));
        }
        (RegistrationState::Out, Request::CancelRegistration { .. }) => {
            manage_body(app, token, stored.details(), attendee.as_ref()).await?
        }
        (RegistrationState::Out, _) => {
            let detail = "This sign-up is no longer on the list. Please sign up again.";
            return Err(Problem::new(ProblemKind::Conflict, detail).on_page("error-no-longer"));
        }
        (RegistrationState::In | RegistrationState::Pending, _) => {
            if adds_guests(&request, attendee.as_ref())
                && let Some(details) = read_details(app, &token.key.event).await?
            {
                details.check_open(Timestamp::now()).map_err(|refusal| signups::refused(refusal, Some(&details)))?;
            }
            let signup = signup_of(token, event, attendee.as_ref(), request)?;
            let mut signup = Signup { network: network_of_contact, ..signup };
            if needs_admission(&signup.request) {
                signup = signups::admitted(app, signup).await?;
            }
            signups::enqueue(app, &signup).await?;
            let attendee = wait_for_roster(app, &signup).await;
            match attendee.as_ref().filter(|attendee| attendee.registration().is_some()) {
                Some(attendee) => wait_for_place(app, stored.details(), Some(attendee)).await,
                None => wait_until_free(app, stored.details(), &token.key).await,
            }
            manage_body(app, token, stored.details(), attendee.as_ref()).await?
        }
    };
    Ok(body)
}

async fn verify_token(app: &App, event: &str, token: &str) -> Result<ManageToken, Problem> {
    let event = parse_event_id(event)?;
    app.verify(|secret| ManageToken::verify(&event, token, secret)).await?.ok_or_else(|| {
        let detail = "This link is incomplete. Copy the whole link and try again.";
        Problem::new(ProblemKind::NotFound, detail).on_page("error-incomplete-link")
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
) -> Result<(ManageBody, Option<Place>), Problem> {
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
    let body = ManageBody {
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
    };
    Ok((body, place))
}

/// Returns the path of the personal page of a later sign-up of the same person in the same browser. The link that they have kept
/// belongs to a registration that has ended.
async fn newer_registration(
    app: &App,
    headers: &HeaderMap,
    token: &ManageToken,
) -> Result<Option<String>, Unavailable> {
    let mut own = own_registrations::of_event(app, headers, &token.key.event).await?;
    own.retain(|(own, _)| own.key == token.key && own != token);
    if own.is_empty() {
        return Ok(None);
    }
    let attendee = app.backend.roster.attendee(&token.key).await?;
    let state = |token: &ManageToken| token.state(attendee.as_ref(), Timestamp::now());
    if state(token) != RegistrationState::NotYours {
        return Ok(None);
    }
    let newer = own.into_iter().find(|(own, _)| state(own) == RegistrationState::In);
    Ok(newer.map(|(_, text)| event_path(&token.key.event, &["manage", &text])))
}
