//! What clients send: a JSON object or a form, at most 16 KiB.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::http::problem::{Kind, Problem};

/// The largest body, in bytes.
pub const IMPORT_BYTES: usize = 1024 * 1024;

/// The largest body, in bytes, but of an [import](IMPORT_BYTES).
pub const BODY_BYTES: usize = 16 * 1_024;

/// The fields of a body; those of a form are text.
pub struct Fields {
    pub map: Map<String, Value>,
    /// Sent by a page without JavaScript, which wants to be led to a page.
    pub by_form: bool,
}

/// Takes the body in before anything is decided. An answer given while a body is still coming costs the client its
/// connection, and often the answer with it.
pub async fn take_in(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let limit = if parts.uri.path() == "/organiser/import" { IMPORT_BYTES } else { BODY_BYTES };
    let may_fit = usize::try_from(body.size_hint().lower()).is_ok_and(|size| size <= limit);
    let taken = if !may_fit { Err(StatusCode::PAYLOAD_TOO_LARGE) } else { taken_in(body, limit).await };
    match taken {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(status) => {
            let mut refusal = Problem::of_status(status).into_response();
            // What is left of the body is not waited for.
            refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            refusal
        }
    }
}

async fn taken_in(body: Body, limit: usize) -> Result<Bytes, StatusCode> {
    let is_too_large = |error: &axum::Error| {
        std::error::Error::source(error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
    };
    axum::body::to_bytes(body, limit)
        .await
        .map_err(|error| if is_too_large(&error) { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST })
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media_type = media_type(request.headers());
        let by_form = match media_type.as_str() {
            "application/x-www-form-urlencoded" => true,
            json if json == "application/json" || json.ends_with("+json") => false,
            _ => {
                let detail = "send JSON with the header `Content-Type: application/json`";
                return Err(Problem::new(Kind::UnsupportedMediaType, detail));
            }
        };
        let body =
            Bytes::from_request(request, state).await.map_err(|rejection| Problem::of_status(rejection.status()))?;
        let map = if by_form { form(&body)? } else { json(&body)? };
        Ok(Self { map, by_form })
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn json(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => {
            Err(Problem::new(Kind::MalformedRequest, "the body must be a JSON object, such as {\"name\": \"Melvin\"}"))
        }
        Err(error) => Err(Problem::new(
            Kind::MalformedRequest,
            format!("the body is not JSON: {error}; send an object such as {{\"name\": \"Melvin\"}}"),
        )),
    }
}

fn form(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    if body.first() == Some(&b'{') {
        let detail = "the body looks like JSON; send it with the header `Content-Type: application/json`";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    Ok(form_urlencoded::parse(body).map(|(field, text)| (field.into_owned(), Value::from(text.into_owned()))).collect())
}
