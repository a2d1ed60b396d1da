//! Taking a sign-up: checked, put on the queue, answered with a manage link.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::domain::attendee::Attendee;
use crate::domain::event::Event;
use crate::domain::invalid::InvalidField;
use crate::domain::manage_link::ManageToken;
use crate::domain::signup::{Request, Signup, Version};
use crate::formats;
use crate::formats::{http_signup as http, message};
use crate::http::App;
use crate::http::client::link;
use crate::http::middleware::body::Fields;
use crate::http::problem::{Kind, Problem};
use crate::notify::links::event_path;
use crate::ports::{Remembered, Unavailable};

/// The IETF's Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header). Keys shorter than this could be
/// guessed, and an answer holds a manage link.
const IDEMPOTENCY_KEY_BYTES: std::ops::RangeInclusive<usize> = 16..=255;

/// How long an answer that shows the roster waits for its sign-up to get there.
const SETTLING: Duration = Duration::from_secs(2);

#[derive(Serialize, ToSchema)]
pub struct SignupBody {
    /// Who is coming: at most 80 characters.
    #[schema(example = "Melvin")]
    pub name: String,
    /// Exactly one of `email`, `sms` (E.164) and `webhook` (https).
    #[schema(value_type = Option<Object>, example = json!({"email": "ana@example.org"}))]
    pub contact: Option<Value>,
}

/// The sign-up is durable and on its way to the roster.
#[derive(Serialize, ToSchema)]
pub struct Accepted {
    pub id: String,
    pub event: String,
    pub name: String,
    /// Where its holder cancels, or changes the contact. Keep it: it is shown this once.
    pub manage: String,
}

/// Signs somebody up.
#[utoipa::path(
    post, path = "/events/{event}/signups", operation_id = "signUp", tag = "signups",
    params(
        ("event" = String, Path, description = "The event, in any spelling"),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 255 characters; a repeat gets the same answer"),
    ),
    request_body = SignupBody,
    responses(
        (status = 202, body = Accepted),
        (status = 303, description = "To the manage page, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn sign_up(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let event = Event::parse(&event).map_err(|problem| problem.in_field("event"))?;
    let signup = accept(&app, &headers, |version| http::signup(event.clone(), &fields.map, version)).await?;
    let token = ManageToken::of(&signup).sign(&app.token_secret);
    let manage = event_path(signup.event.id(), &["manage", &token]);
    if fields.by_form {
        settled(&app, &signup).await;
        return Ok(Redirect::to(&manage).into_response());
    }
    let accepted = Accepted {
        id: signup.version.id.to_string(),
        event: signup.event.id().to_string(),
        name: signup.name.to_string(),
        manage: link(app.public_url.as_ref(), &headers, &manage),
    };
    Ok((StatusCode::ACCEPTED, Json(accepted)).into_response())
}

/// Puts a public sign-up on the queue, under a version of the server's making; a repeat of an idempotent request
/// is the same message again, which changes nothing.
pub async fn accept(
    app: &App,
    headers: &HeaderMap,
    read: impl Fn(Version) -> Result<Signup, InvalidField>,
) -> Result<Signup, Problem> {
    let mut signup = read(Version::now())?;
    if let Some(key) = idempotency_key(headers)? {
        signup.version = first_version(app, key, &signup).await?;
    }
    enqueue(app, &signup).await?;
    Ok(signup)
}

/// Durable when it returns.
pub async fn enqueue(app: &App, signup: &Signup) -> Result<(), Unavailable> {
    app.queue.send(vec![message::write(signup)]).await?;
    app.metrics.accepted(signup.channel, 1);
    tracing::debug!(event.id = %signup.event.id(), signup.id = %signup.version.id, channel = signup.channel.as_str(), "signup accepted");
    Ok(())
}

/// Waits until the sign-up, or a newer one, is on the roster, or [`SETTLING`] is over: the attendee as it is then.
///
/// The sign-up is durable, so a roster that cannot be read is no failure of the request.
pub async fn settled(app: &App, signup: &Signup) -> Option<Attendee> {
    let key = signup.key();
    let deadline = Instant::now() + SETTLING;
    let mut pause = Duration::from_millis(5);
    loop {
        let attendee = app.backend.roster.attendee(&key).await.unwrap_or_else(|unavailable| {
            tracing::warn!(%unavailable, "cannot see whether a sign-up is on the roster");
            None
        });
        let there = attendee.as_ref().is_some_and(|attendee| attendee.newest >= signup.version);
        if there || Instant::now() >= deadline {
            return attendee;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&[u8]>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    if IDEMPOTENCY_KEY_BYTES.contains(&key.len()) {
        Ok(Some(key.as_bytes()))
    } else {
        let detail = "`Idempotency-Key` must have 16 to 255 characters; use a UUID";
        Err(Problem::new(Kind::MalformedRequest, detail))
    }
}

/// The version that the first request under this key was given.
async fn first_version(app: &App, key: &[u8], signup: &Signup) -> Result<Version, Problem> {
    let text = |purpose, parts: &[&[u8]]| URL_SAFE_NO_PAD.encode(app.token_secret.tag(purpose, parts));
    let event = signup.event.id().as_str().as_bytes();
    let contact = match &signup.request {
        Request::Join { contact: Some(contact) } => formats::contact::to_json(contact).to_string(),
        _ => String::new(),
    };
    let candidate = Remembered {
        fingerprint: text("idempotency request", &[signup.name.as_str().as_bytes(), contact.as_bytes()]),
        id: signup.version.id.clone(),
        requested_at: signup.version.requested_at,
    };
    let fingerprint = candidate.fingerprint.clone();
    let remembered = app.backend.idempotency.remember(text("idempotency key", &[event, key]), candidate).await?;
    if remembered.fingerprint != fingerprint {
        let detail = "this `Idempotency-Key` came with another name or contact before; use a new key for a new request";
        return Err(Problem::new(Kind::KeyReused, detail));
    }
    Ok(Version { requested_at: remembered.requested_at, id: remembered.id })
}
