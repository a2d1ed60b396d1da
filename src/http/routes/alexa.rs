//! The Alexa skill as a web service, for servers without AWS.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::alexa::Skill;
use crate::domain::clock;
use crate::domain::signup::Version;
use crate::http::App;
use crate::http::problem::{Problem, ProblemKind};
use crate::ports::{IdempotentRequest, SignatureError, SignedRequest};

/// Answers a request of Alexa. The request must be signed by Amazon, and not have been answered before.
pub async fn answer(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let Some(endpoint) = &app.alexa else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(chain_url), Some(signature)) = (header("signaturecertchainurl"), header("signature-256")) else {
        return Err(refused("it is not signed"));
    };
    let now = clock::now();
    let verified = endpoint.signatures.verify(SignedRequest { chain_url, signature, body: &body }, now).await;
    verified.map_err(|error| match error {
        SignatureError::Invalid(check) => refused(&check),
        SignatureError::Unavailable(unavailable) => unavailable.into(),
    })?;
    if is_repeat(&app, &body).await? {
        return Err(refused("it was answered before"));
    }
    let user_secret = app.secrets.contact_secret().await?.ok_or_else(|| {
        Problem::new(ProblemKind::Internal, "This server has no secret from which the ids of households are derived.")
    })?;
    let backend = &app.backend;
    let skill = Skill {
        skill_id: &endpoint.skill_id,
        queue: &*app.queue,
        roster: &*backend.roster,
        seats: &*backend.seats,
        events: &*backend.events,
        households: &*backend.households,
        user_secret: &user_secret,
    };
    match skill.answer(&body, now).await {
        Ok(response) => Ok(Json(response).into_response()),
        Err(invalid) => Err(refused(&invalid.to_string())),
    }
}

/// Remembers a request by its id, and returns whether it was remembered before.
async fn is_repeat(app: &App, body: &[u8]) -> Result<bool, Problem> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let id = request.pointer("/request/requestId").and_then(Value::as_str).map_or(body, str::as_bytes);
    let key = URL_SAFE_NO_PAD.encode(app.token_secret.tag("alexa request", &[id]));
    let this = Version::now();
    let candidate = IdempotentRequest {
        fingerprint: this.id.as_str().to_owned(),
        id: this.id.clone(),
        requested_at: this.requested_at,
    };
    let first = app.backend.idempotency.remember(key, candidate).await?;
    Ok(first.id != this.id)
}

fn refused(why: &str) -> Problem {
    tracing::warn!(why, "Alexa request refused");
    Problem::new(ProblemKind::MalformedRequest, format!("This request is not accepted as one of Alexa: {why}."))
}
