//! Public sign-ups. A request is validated and put on the queue; the response contains a personal link.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::event::Event;
use crate::domain::event_details::EventDetails;
use crate::domain::event_details::SignupRefusal;
use crate::domain::manage_link::ManageToken;
use crate::domain::new_event_id::for_log;
use crate::domain::place::Place;
use crate::domain::signup::Signup;
use crate::formats::{http_signup as http, message};
use crate::http::App;
use crate::http::client::{DefaultForm, absolute_url, wants_page};
use crate::http::client_network::Network;
use crate::http::event_view::{Credentials, damaged_details, no_such_event};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::problem::{Cause, Problem, ProblemKind, sentence};
use crate::http::routes::public_signup::{RequestKey, Sender, enqueue_public, idempotency_key};
use crate::http::routes::signup_form::{show_form_again, sign_up_with_form};
use crate::ingest::admission;
use crate::ingest::admission::NotAdmitted;
use crate::notify::links::event_path;
use crate::ports::Unavailable;

/// A sign-up.
#[derive(Serialize, ToSchema)]
pub struct SignupRequest {
    /// The attendee's name: at most 80 characters, without a link.
    #[schema(example = "Melvin")]
    pub name: String,
    /// Where to send notifications: exactly one of `email`, `sms` (E.164) and `webhook` (https).
    #[schema(value_type = Option<Object>, example = json!({"email": "ana@example.org"}))]
    pub contact: Option<Value>,
    /// The number of people who come along. The event's details say how many one sign-up may bring.
    pub guests: Option<u8>,
    /// The answer to the event's question: at most 200 characters. Only hosts and the organiser see it.
    #[schema(example = "No meat, please")]
    pub answer: Option<String>,
    /// A note for the hosts: at most 500 characters.
    pub note: Option<String>,
    /// The language for messages, such as `de`. If absent, it is chosen by `Accept-Language`.
    #[schema(example = "de")]
    pub language: Option<String>,
}

/// A sign-up that is stored and will be added to the roster.
#[derive(Serialize, ToSchema)]
pub struct SignupResponse {
    /// The id of the sign-up.
    pub id: String,
    /// The id of the event.
    pub event: String,
    pub name: String,
    /// The personal link, which cancels the sign-up or changes its contact. Keep it: it is shown only in this response.
    pub manage: String,
    /// `pending` if the number of places is limited: the personal link shows whether the sign-up gets a place. Absent if it is
    /// not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<&'static str>,
}

/// Signs up an attendee.
#[utoipa::path(
    post, path = "/events/{event}/signups", operation_id = "signUp", tag = "signups",
    params(
        ("event" = String, Path, description = "The event's id or title"),
        ("Idempotency-Key" = Option<String>, Header, description = "A key of 16 to 255 characters, such as a UUID. A repeated request with the same key gets the same response."),
    ),
    request_body = SignupRequest,
    responses(
        (status = 202, body = SignupResponse),
        (status = 303, description = "Redirect to the manage page, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn sign_up(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    headers: HeaderMap,
    Network(network): Network,
    locale: Locale,
    credentials: Credentials,
    fields: Fields,
) -> Result<Response, Problem> {
    let event = Event::parse(&event).map_err(|problem| problem.in_field("event"))?;
    let sender = Sender { headers: &headers, network, language: locale.chosen() };
    if fields.is_form {
        return match sign_up_with_form(&app, &event, &sender, &fields.map).await {
            Err(problem) if wants_page(&headers, DefaultForm::Page) => {
                show_form_again(&app, &event, &credentials, &headers, locale, fields.map, problem).await
            }
            answer => answer,
        };
    }
    let key = idempotency_key(&headers)?.map(RequestKey::Header);
    let accepted =
        enqueue_public(&app, &sender, key, |version| http::signup(event.clone(), &fields.map, version)).await?;
    let signup = accepted.signup;
    let token = ManageToken::of(&signup).sign(&app.token_secret);
    let manage = event_path(signup.event.id(), &["manage", &token]);
    // Admission has just read them, so they are in the cache.
    let details = app.backend.events.stored(signup.event.id()).await?;
    let details = details.details();
    let accepted = SignupResponse {
        id: signup.version.id.to_string(),
        event: signup.event.id().to_string(),
        name: signup.name.to_string(),
        manage: absolute_url(app.public_url.as_ref(), &headers, &manage),
        place: details.filter(|details| details.is_limited()).map(|_| Place::Pending.as_str()),
    };
    Ok((StatusCode::ACCEPTED, Json(accepted)).into_response())
}

/// Returns the sign-up if its event accepts it.
pub async fn admitted(app: &App, signup: Signup) -> Result<Signup, Problem> {
    let event = signup.event.id().clone();
    let mut decisions = admission::admit(vec![signup], &app.backend, app.event_creators).await?;
    match decisions.pop().expect("there is a decision for each sign-up") {
        Ok(signup) => Ok(signup),
        Err(NotAdmitted::Refused(refusal)) => {
            let stored = app.backend.events.stored(&event).await?;
            Err(refused(refusal, stored.details()))
        }
        Err(NotAdmitted::Damaged(cause)) => Err(damaged_details(&cause)),
    }
}

/// The problem of a sign-up that its event refuses.
pub fn refused(refusal: SignupRefusal, details: Option<&EventDetails>) -> Problem {
    let zone = details.and_then(|details| details.content.schedule.as_ref()).map(|schedule| schedule.zone().clone());
    let cause = Some(Box::new(Cause::Refused(refusal.clone(), zone)));
    let problem = match &refusal {
        SignupRefusal::NoSuchEvent => no_such_event(),
        SignupRefusal::Deleted => Problem::new(ProblemKind::NotFound, sentence(&refusal.to_string())),
        SignupRefusal::Title(problem) => problem.clone().in_field("event").into(),
        SignupRefusal::TooManyGuests { limit } => {
            let detail = format!("`guests` must be at most {limit}: {refusal}.");
            Problem { field: Some("guests"), ..Problem::new(ProblemKind::InvalidField, detail) }
        }
        SignupRefusal::Cancelled
        | SignupRefusal::Over
        | SignupRefusal::Archived
        | SignupRefusal::NotOpenYet(_)
        | SignupRefusal::Closed(_) => Problem::new(ProblemKind::Conflict, sentence(&refusal.to_string())),
    };
    Problem { cause, ..problem }
}

/// Puts a sign-up on the queue. The sign-up is durable when this function returns.
pub async fn enqueue(app: &App, signup: &Signup) -> Result<(), Unavailable> {
    app.queue.send(vec![message::write(signup)]).await?;
    app.metrics.accepted(signup.channel, 1);
    tracing::debug!(event.id = for_log(signup.event.id()), signup.id = %signup.version.id, channel = signup.channel.as_str(), "signup accepted");
    Ok(())
}
