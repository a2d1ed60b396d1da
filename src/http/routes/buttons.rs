//! Presses of buttons that know HTTP alone.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::domain::button::Serial;
use crate::domain::channel::Channel;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::formats::button::envelope::Envelope;
use crate::formats::button::{Decoded, HTTP, decode};
use crate::http::App;
use crate::http::problem::{Kind, Problem};
use crate::http::routes::organiser::bearer;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PressQuery {
    /// The serial number under which the button is registered; not needed for Flic's cloud.
    serial: Option<String>,
    /// The button's secret, for a device that can send no header `Authorization: Bearer …`.
    secret: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct PressAnswer {
    /// Flic's app shows it.
    pub message: &'static str,
}

/// Takes a press: what the device posts, whatever of the known devices it is.
///
/// With the button's own secret, or as a token that Flic's cloud signed: `{"token": …}`.
#[utoipa::path(
    post, path = "/buttons", operation_id = "press", tag = "buttons", params(PressQuery), security(("button" = [])),
    request_body(content = Object, description = "As the device sends it", example = json!({"event_type": "single"})),
    responses(
        (status = 200, body = PressAnswer, description = "To Flic's cloud, which takes no other"),
        (status = 202, body = PressAnswer),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn press(
    State(app): State<Arc<App>>,
    Query(query): Query<PressQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let received_at = Timestamp::now();
    let (serial, payload, status) = match token(&body) {
        Some(token) => {
            let (serial, claims) = of_flic(&app, &token, received_at)?;
            (serial, claims, StatusCode::OK)
        }
        None => (of_device(&app, &query, &headers).await?, body.to_vec(), StatusCode::ACCEPTED),
    };
    let envelope = Envelope { topic: format!("{HTTP}{serial}"), payload, received_at };
    // Whoever sets a device up sees at once whether it is understood.
    let decoded = decode(&envelope).map_err(|error| Problem::new(Kind::MalformedRequest, error.to_string()))?;
    let message = match decoded {
        Decoded::Press(_) => {
            app.queue.send(vec![envelope.write()]).await?;
            app.metrics.accepted(Channel::Button, 1);
            "Your press is on its way."
        }
        Decoded::NotAPress => "This asks for nothing.",
    };
    Ok((status, Json(PressAnswer { message })).into_response())
}

/// Of `{"token": …}`, as Flic's cloud posts it.
fn token(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(body.get("token")?.as_str()?.to_owned())
}

fn of_flic(app: &App, token: &str, now: Timestamp) -> Result<(Serial, Vec<u8>), Problem> {
    let key = app.flic_key.as_ref().ok_or_else(|| {
        Problem::new(Kind::WrongSecret, "this server has no public key of Flic's cloud; the operator can set one")
    })?;
    let claims = key.verify(token, now).map_err(|error| Problem::new(Kind::WrongSecret, error.to_string()))?;
    let serial = claims.get("buttonSerialNumber").and_then(Value::as_str).unwrap_or_default();
    let serial = Serial::parse(serial).map_err(|problem| problem.in_field("buttonSerialNumber"))?;
    Ok((serial, Value::Object(claims).to_string().into_bytes()))
}

async fn of_device(app: &App, query: &PressQuery, headers: &HeaderMap) -> Result<Serial, Problem> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    let given = given.or(query.secret.as_deref().map(str::as_bytes)).ok_or_else(|| {
        let detail = "send the button's secret as `Authorization: Bearer …`; `countmein button list` shows it";
        Problem::new(Kind::WrongSecret, detail)
    })?;
    let serial =
        Serial::parse(query.serial.as_deref().unwrap_or_default()).map_err(|problem| problem.in_field("serial"))?;
    let is_of = |secret: &Secret| Secret::is_same(serial.secret(secret).as_bytes(), given);
    let is_right =
        is_of(&app.token_secret) || app.secrets.previous_token_secret().await?.is_some_and(|previous| is_of(&previous));
    if !is_right {
        let detail = "this is not the secret of the button of this serial number; `countmein button list` shows it";
        return Err(Problem::new(Kind::WrongSecret, detail));
    }
    Ok(serial)
}
