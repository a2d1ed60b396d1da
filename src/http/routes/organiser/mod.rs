//! Routes for the organiser. Programs send the organiser's key as `Authorization: Bearer`; browsers log in with it.

pub mod buttons;
mod corrections;
pub mod import;
mod import_form;
pub mod limits;
pub mod outbox;
pub mod people;
pub mod person;
pub mod redrive;
pub mod rejects;
pub mod session;

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::channel::Channel;
use crate::domain::invalid::FieldProblem;
use crate::domain::signup::{Request, Signup, Version};
use crate::formats::message;
use crate::http::client::{DefaultForm, bearer_token, is_cross_site, wants_page};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::named_event::named_event;
use crate::http::pages::{Form, OrganiserPage, Page};
use crate::http::problem::{Cause, Problem, ProblemKind};
use crate::http::routes::signups;
use crate::http::wait::wait_for_roster;
use crate::http::{App, event_list, organiser_session, pages};
use crate::ports::Unavailable;

/// An extractor that accepts only requests of the organiser.
pub struct Organiser;

/// Why a request was not accepted as the organiser's.
pub enum NotOrganiser {
    /// The client is a browser, which is redirected to the login page.
    Login,
    Refused(Problem),
    /// The organiser's key could not be read.
    Unavailable(Unavailable),
}

impl FromRequestParts<Arc<App>> for Organiser {
    type Rejection = NotOrganiser;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, NotOrganiser> {
        let given = bearer_token(&parts.headers);
        if let Some(key) = given {
            let is_valid = app.secrets.organiser_key().await?.is(key);
            return if is_valid { Ok(Self) } else { Err(key_required("This is not the organiser's key.")) };
        }
        if !organiser_session::has_valid_session(app, &parts.headers).await? {
            let is_page = parts.method == Method::GET && wants_page(&parts.headers, DefaultForm::Json);
            let detail = "Send the organiser's key as `Authorization: Bearer …`. \
                          The operator of this server knows where the key is stored.";
            return Err(if is_page { NotOrganiser::Login } else { key_required(detail) });
        }
        if parts.method != Method::GET && is_cross_site(app.public_url.as_ref(), &parts.headers) {
            let detail = "This request came from another site. Use the organiser's pages of this server.";
            return Err(NotOrganiser::Refused(
                Problem::new(ProblemKind::Forbidden, detail).on_page("error-other-site"),
            ));
        }
        Ok(Self)
    }
}

fn key_required(detail: &str) -> NotOrganiser {
    NotOrganiser::Refused(Problem::new(ProblemKind::OrganiserKeyNeeded, detail))
}

impl IntoResponse for NotOrganiser {
    fn into_response(self) -> Response {
        match self {
            Self::Login => Redirect::to("/organiser").into_response(),
            Self::Refused(problem) => problem.into_response(),
            Self::Unavailable(unavailable) => Problem::from(unavailable).into_response(),
        }
    }
}

impl From<Unavailable> for NotOrganiser {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

/// Shows the organiser's page, or the login page.
pub async fn page(
    State(app): State<Arc<App>>,
    organiser: Result<Organiser, NotOrganiser>,
    Query(done): Query<DoneQuery>,
    locale: Locale,
) -> Result<Response, Problem> {
    let form = Form::empty(locale);
    match organiser {
        Ok(Organiser) => {}
        Err(NotOrganiser::Unavailable(unavailable)) => return Err(unavailable.into()),
        Err(NotOrganiser::Login | NotOrganiser::Refused(_)) => return Ok(pages::login(&form).into_response()),
    }
    let is_removed = done.done.as_deref() == Some("removed");
    Ok(start_page(&app, &form, is_removed).await?.into_response())
}

/// The part of the query that says what the organiser has just done.
#[derive(Deserialize)]
pub struct DoneQuery {
    pub done: Option<String>,
}

/// The organiser's page with a form that removes a person's data. `is_removed` says whether one was just removed.
async fn start_page(app: &App, removal: &Form, is_removed: bool) -> Result<Page, Problem> {
    let events = event_list::first_upcoming(app, pages::EVENTS_SHOWN).await?;
    let rejects = app.backend.rejected.entries(pages::REJECTS_SHOWN, None).await?.len();
    let limits = limits::read_limits(app).await?;
    let outbox = match &app.backend.outbox {
        Some(outbox) => Some(outbox.depth().await?.messages),
        None => None,
    };
    Ok(OrganiserPage { events: &events, rejects, limits: &limits, outbox, delivery: app.delivery, removal, is_removed }
        .page())
}

/// Adds a message to a problem with a contact of any kind. Elsewhere, pages ask for an email address or a phone number.
fn about_any_contact(problem: Problem) -> Problem {
    match problem.cause.as_deref() {
        Some(Cause::Field(FieldProblem::NotAContact | FieldProblem::NotAWebhook)) => {
            problem.on_page("organiser-contact-invalid")
        }
        _ => problem,
    }
}

/// A sign-up or cancellation that is stored and will be applied to the roster.
#[derive(Serialize, ToSchema)]
pub struct QueuedSignup {
    /// The id of the sign-up.
    pub id: String,
    /// The id of the event.
    pub event: String,
    pub name: String,
    /// After a cancellation, whether the person was on the list. It is stored anyway: a sign-up may still be on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_list: Option<bool>,
}

/// Signs up an attendee or cancels their registration.
///
/// Only for the organiser, who may change any registration.
#[utoipa::path(
    post, path = "/organiser/signups", operation_id = "signUpAsOrganiser", tag = "organiser", security(("organiser" = [])),
    request_body(content = Object, description = "A sign-up message. `id`, `requested_at` and `channel` are ignored.",
        example = json!({"event": "Dance", "name": "Melvin", "action": "cancel"})),
    responses(
        (status = 202, body = QueuedSignup),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn sign_up(State(app): State<Arc<App>>, _organiser: Organiser, fields: Fields) -> Result<Response, Problem> {
    let mut message = fields.map;
    message.remove("channel");
    let mut signup = message::from_fields(&message, Version::now(), Channel::Cli)?;
    signup.event = named_event(&app, signup.event).await?;
    let attendee = app.backend.roster.attendee(&signup.key()).await?;
    let was_on_list = attendee.as_ref().is_some_and(|attendee| attendee.registration().is_some());
    signup.version = Version::newer_than(attendee.as_ref().map(|attendee| &attendee.newest));
    let signup = signups::admitted(&app, signup).await?;
    signups::enqueue(&app, &signup).await?;
    wait_for_roster(&app, &signup).await;
    let on_list = matches!(signup.request, Request::Cancel).then_some(was_on_list);
    Ok((StatusCode::ACCEPTED, Json(QueuedSignup { on_list, ..QueuedSignup::of(&signup) })).into_response())
}

impl QueuedSignup {
    pub fn of(signup: &Signup) -> Self {
        Self {
            id: signup.version.id.to_string(),
            event: signup.event.id().to_string(),
            name: signup.name.to_string(),
            on_list: None,
        }
    }
}
