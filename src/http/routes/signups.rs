//! Public sign-ups. A request is validated and put on the queue; the response contains a personal link.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::client_network::ClientNetwork;
use crate::domain::event::Event;
use crate::domain::event_details::SignupRefusal;
use crate::domain::invalid::InvalidField;
use crate::domain::manage_link::ManageToken;
use crate::domain::new_event_id::for_log;
use crate::domain::place::Place;
use crate::domain::registration_details::RegistrationEdit;
use crate::domain::signup::{Request, Signup, Version};
use crate::formats;
use crate::formats::registration_details::RegistrationFields;
use crate::formats::{http_signup as http, message};
use crate::http::client::{absolute_url, preferred_language};
use crate::http::client_network::Network;
use crate::http::event_view::{damaged_details, no_such_event};
use crate::http::middleware::body::Fields;
use crate::http::problem::{Problem, ProblemKind, sentence};
use crate::http::wait::{wait_for_place, wait_for_roster};
use crate::http::{App, address_proof};
use crate::ingest::admission;
use crate::ingest::admission::NotAdmitted;
use crate::notify::links::event_path;
use crate::ports::{IdempotentRequest, Unavailable};

/// The length of an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). Shorter keys could be guessed, and
/// the response contains a personal link.
const IDEMPOTENCY_KEY_BYTES: std::ops::RangeInclusive<usize> = 16..=255;

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
    fields: Fields,
) -> Result<Response, Problem> {
    let event = Event::parse(&event).map_err(|problem| problem.in_field("event"))?;
    let signup =
        enqueue_public(&app, &headers, network, |version| http::signup(event.clone(), &fields.map, version)).await?;
    let token = ManageToken::of(&signup).sign(&app.token_secret);
    let manage = event_path(signup.event.id(), &["manage", &token]);
    // Admission has just read them, so they are in the cache.
    let details = app.backend.events.stored(signup.event.id()).await?;
    let details = details.details();
    if fields.is_form {
        let attendee = wait_for_roster(&app, &signup).await;
        wait_for_place(&app, details, attendee.as_ref()).await;
        return Ok(Redirect::to(&manage).into_response());
    }
    let accepted = SignupResponse {
        id: signup.version.id.to_string(),
        event: signup.event.id().to_string(),
        name: signup.name.to_string(),
        manage: absolute_url(app.public_url.as_ref(), &headers, &manage),
        place: details.filter(|details| details.is_limited()).map(|_| Place::Pending.as_str()),
    };
    Ok((StatusCode::ACCEPTED, Json(accepted)).into_response())
}

/// Puts a public sign-up on the queue, with a version from the server.
///
/// A repeated request with the same idempotency key sends the same message again, which changes nothing.
pub async fn enqueue_public(
    app: &App,
    headers: &HeaderMap,
    network: Option<ClientNetwork>,
    parse: impl Fn(Version) -> Result<Signup, InvalidField>,
) -> Result<Signup, Problem> {
    let mut signup = parse(Version::now())?;
    if let Request::SignUp { contact, confirmed, details } = &mut signup.request {
        details.language = details.language.or_else(|| preferred_language(headers));
        if let Some(contact) = contact {
            *confirmed = address_proof::proves_control(app, headers, contact).await?;
            signup.network = network;
        }
    }
    let request = idempotency_key(headers)?.map(|key| KeyedRequest::of(app, key, &signup));
    // A request that is refused must not use up its key, nor keep its time for later. A repeat is judged by the time of the
    // first request.
    let mut signup = match admitted(app, signup.clone()).await {
        Ok(signup) => signup,
        Err(refusal) => match &request {
            Some(request) if request.is_repeat(app).await? => signup,
            _ => return Err(refusal),
        },
    };
    if let Some(request) = request {
        let version = request.version_of_first(app).await?;
        if version != signup.version {
            signup = admitted(app, Signup { version, ..signup }).await?;
        }
    }
    enqueue(app, &signup).await?;
    Ok(signup)
}

/// Returns the sign-up if its event accepts it.
pub async fn admitted(app: &App, signup: Signup) -> Result<Signup, Problem> {
    let mut decisions = admission::admit(vec![signup], &app.backend, app.event_creators).await?;
    let decision = decisions.pop().expect("there is a decision for each sign-up");
    decision.map_err(|not_admitted| match not_admitted {
        NotAdmitted::Refused(SignupRefusal::NoSuchEvent) => no_such_event(),
        NotAdmitted::Refused(refusal @ SignupRefusal::Deleted) => {
            Problem::new(ProblemKind::NotFound, sentence(&refusal.to_string()))
        }
        NotAdmitted::Refused(SignupRefusal::Title(problem)) => problem.in_field("event").into(),
        NotAdmitted::Refused(refusal @ SignupRefusal::TooManyGuests { limit }) => {
            let detail = format!("`guests` must be at most {limit}: {refusal}.");
            Problem { field: Some("guests"), ..Problem::new(ProblemKind::InvalidField, detail) }
        }
        NotAdmitted::Refused(refusal) => Problem::new(ProblemKind::Conflict, sentence(&refusal.to_string())),
        NotAdmitted::Damaged(cause) => damaged_details(&cause),
    })
}

/// Puts a sign-up on the queue. The sign-up is durable when this function returns.
pub async fn enqueue(app: &App, signup: &Signup) -> Result<(), Unavailable> {
    app.queue.send(vec![message::write(signup)]).await?;
    app.metrics.accepted(signup.channel, 1);
    tracing::debug!(event.id = for_log(signup.event.id()), signup.id = %signup.version.id, channel = signup.channel.as_str(), "signup accepted");
    Ok(())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&[u8]>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    if IDEMPOTENCY_KEY_BYTES.contains(&key.len()) {
        Ok(Some(key.as_bytes()))
    } else {
        let detail = "Invalid `Idempotency-Key`. Use 16 to 255 characters, such as a UUID.";
        Err(Problem::new(ProblemKind::MalformedRequest, detail))
    }
}

/// A request with an idempotency key.
struct KeyedRequest {
    /// A hash of the key and the event.
    key: String,
    request: IdempotentRequest,
}

impl KeyedRequest {
    fn of(app: &App, key: &[u8], signup: &Signup) -> Self {
        let hash = |purpose, parts: &[&[u8]]| URL_SAFE_NO_PAD.encode(app.token_secret.tag(purpose, parts));
        let event = signup.event.id().as_str().as_bytes();
        let Request::SignUp { contact, details, .. } = &signup.request else {
            unreachable!("only sign-ups have a key")
        };
        let contact =
            contact.as_ref().map_or_else(String::new, |contact| formats::contact::to_json(contact).to_string());
        // The language and `confirmed` may differ between repeats, because a browser sends what they depend on.
        let details = RegistrationFields::of(&RegistrationEdit { language: None, ..details.clone() });
        let details = match serde_json::to_string(&details).expect("the fields are plain data") {
            // As before there were details, so that a request can be repeated during a deployment.
            none if none == "{}" => String::new(),
            details => details,
        };
        let mut fingerprint = vec![signup.name.as_str().as_bytes(), contact.as_bytes()];
        fingerprint.extend(Some(details.as_bytes()).filter(|details| !details.is_empty()));
        let request = IdempotentRequest {
            fingerprint: hash("idempotency request", &fingerprint),
            id: signup.version.id.clone(),
            requested_at: signup.version.requested_at,
        };
        Self { key: hash("idempotency key", &[event, key]), request }
    }

    /// Whether the same request was accepted before.
    async fn is_repeat(&self, app: &App) -> Result<bool, Unavailable> {
        let first = app.backend.idempotency.recall(self.key.clone()).await?;
        Ok(first.is_some_and(|first| first.fingerprint == self.request.fingerprint))
    }

    /// Returns the version of the first request with this key, which is this request if there was none.
    async fn version_of_first(self, app: &App) -> Result<Version, Problem> {
        let fingerprint = self.request.fingerprint.clone();
        let first = app.backend.idempotency.remember(self.key, self.request).await?;
        if first.fingerprint != fingerprint {
            let detail = "This `Idempotency-Key` was used for another request. Please use a new key for a new request.";
            return Err(Problem::new(ProblemKind::IdempotencyKeyReused, detail));
        }
        Ok(Version { requested_at: first.requested_at, id: first.id })
    }
}
