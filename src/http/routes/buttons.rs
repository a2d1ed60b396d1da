//! Button presses that devices or Flic's cloud send over HTTP.

use std::slice;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::domain::button::Serial;
use crate::domain::channel::Channel;
use crate::domain::clock;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::formats::button::message::ButtonMessage;
use crate::formats::button::{Decoded, HTTP_TOPIC_PREFIX, decode};
use crate::http::App;
use crate::http::client::bearer_token;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::signups;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PressQuery {
    /// The serial number of the registered button. Flic's cloud does not need it.
    serial: Option<String>,
    /// The button's secret, for devices that cannot send the header `Authorization: Bearer …`.
    secret: Option<String>,
}

/// The answer to a press.
#[derive(Serialize, ToSchema)]
pub struct PressResponse {
    /// A message for people. Flic's app shows it.
    #[schema(example = "Press received.")]
    pub message: String,
}

/// Accepts a button press, in the format of any supported device.
///
/// A device sends the button's secret. Flic's cloud sends `{"token": …}`, a token that it signed.
#[utoipa::path(
    post, path = "/buttons", operation_id = "press", tag = "buttons", params(PressQuery), security(("button" = [])),
    request_body(content = Object, description = "The press, in the format of the device", example = json!({"event_type": "single"})),
    responses(
        (status = 200, body = PressResponse, description = "Accepted from Flic's cloud, which understands only this status"),
        (status = 202, body = PressResponse),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn press(
    State(app): State<Arc<App>>,
    Query(query): Query<PressQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let received_at = clock::now();
    let (serial, payload, status) = match flic_token(&body) {
        Some(token) => {
            let (serial, claims) = verify_flic_token(&app, &token, received_at)?;
            (serial, claims, StatusCode::OK)
        }
        None => (authenticate_device(&app, &query, &headers).await?, body.to_vec(), StatusCode::ACCEPTED),
    };
    let envelope = ButtonMessage { topic: format!("{HTTP_TOPIC_PREFIX}{serial}"), payload, received_at };
    // `ingest` decodes the press again. Decoding it here shows an error to the person who sets up the device.
    let decoded = decode(&envelope).map_err(|error| Problem::new(ProblemKind::MalformedRequest, error.to_string()))?;
    if decoded != Decoded::NotAPress {
        app.queue.send(vec![envelope.write()]).await?;
        app.metrics.accepted(Channel::Button, 1);
    }
    let message = answer(&app, &decoded, received_at).await?;
    Ok((status, Json(PressResponse { message })).into_response())
}

/// Says what happens with a message, as far as it is known before the message is processed.
async fn answer(app: &App, decoded: &Decoded, pressed_at: Timestamp) -> Result<String, Problem> {
    let find = async |serial| app.backend.buttons.find(slice::from_ref(serial)).await.map(|mut buttons| buttons.pop());
    let unregistered = |serial| {
        format!(
            "No button with the serial number {serial} is registered, so nobody was signed up. The organiser sees it."
        )
    };
    let press = match decoded {
        Decoded::Press(press) => press,
        Decoded::NotAPress => return Ok("This message is not a button press, so it was ignored.".to_owned()),
        Decoded::NotUnderstood { serial, action } => {
            return Ok(match find(serial).await? {
                Some(_) => {
                    format!("`{action}` is no known kind of press, so nobody was signed up. The organiser sees it.")
                }
                None => "This message is not from a registered button, so it was ignored.".to_owned(),
            });
        }
    };
    let Some(button) = find(&press.serial).await? else { return Ok(unregistered(&press.serial)) };
    let Some(signup) = button.signup(press.kind, press.version(pressed_at)) else {
        return Ok(format!("This button does nothing on a {} press.", press.kind.as_str()));
    };
    Ok(match signups::admitted(app, signup).await {
        Ok(_) => "Press received.".to_owned(),
        Err(problem) => format!("Nobody was signed up: {} The organiser sees it.", problem.detail),
    })
}

/// Returns the token in `{"token": …}`, the body that Flic's cloud posts.
fn flic_token(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(body.get("token")?.as_str()?.to_owned())
}

/// Verifies the signature of a token from Flic's cloud. Returns the button's serial number and the token's claims.
fn verify_flic_token(app: &App, token: &str, now: Timestamp) -> Result<(Serial, Vec<u8>), Problem> {
    let key = app.flic_key.as_ref().ok_or_else(|| {
        let detail = "This server has no public key of Flic's cloud. The operator can set one.";
        Problem::new(ProblemKind::WrongButtonSecret, detail)
    })?;
    let claims =
        key.verify(token, now).map_err(|error| Problem::new(ProblemKind::WrongButtonSecret, error.to_string()))?;
    let serial = claims.get("buttonSerialNumber").and_then(Value::as_str).unwrap_or_default();
    let serial = Serial::parse(serial).map_err(|problem| problem.in_field("buttonSerialNumber"))?;
    Ok((serial, Value::Object(claims).to_string().into_bytes()))
}

/// Checks the secret that a device sent. Returns the button's serial number.
async fn authenticate_device(app: &App, query: &PressQuery, headers: &HeaderMap) -> Result<Serial, Problem> {
    let in_header = bearer_token(headers);
    let given = in_header.or(query.secret.as_deref().map(str::as_bytes)).ok_or_else(|| {
        let detail = "Send the button's secret as `Authorization: Bearer …`. The organiser's list of buttons shows it.";
        Problem::new(ProblemKind::WrongButtonSecret, detail)
    })?;
    let serial =
        Serial::parse(query.serial.as_deref().unwrap_or_default()).map_err(|problem| problem.in_field("serial"))?;
    let matches = |secret: &Secret| Secret::constant_time_eq(serial.secret(secret).as_bytes(), given);
    if app.verify(|secret| matches(secret).then_some(())).await?.is_none() {
        let detail =
            "This is not the secret of the button with this serial number. The organiser's list of buttons shows it.";
        return Err(Problem::new(ProblemKind::WrongButtonSecret, detail));
    }
    Ok(serial)
}
