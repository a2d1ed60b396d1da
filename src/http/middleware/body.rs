//! Request bodies: buffering them, and reading a JSON object or a form.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::http::problem::{Problem, ProblemKind};

/// The maximum size of the body of an import.
const MAX_IMPORT_BYTES: usize = 1_024 * 1_024;

/// The maximum size of the details of an event. A form writes each of 2,000 characters of a description with up to 12 bytes, and
/// more for those that consist of several.
const MAX_EVENT_BYTES: usize = 128 * 1_024;

/// The maximum size of all other bodies.
const MAX_BODY_BYTES: usize = 16 * 1_024;

/// The fields of a request body. In a form, every value is text.
pub struct Fields {
    pub map: Map<String, Value>,
    /// Whether the body is an HTML form. Pages without JavaScript send forms, and the response must redirect to a page.
    pub is_form: bool,
}

/// The maximum size of the body of a request to this path.
pub fn max_body_bytes(path: &str) -> usize {
    match path {
        "/organiser/import" => MAX_IMPORT_BYTES,
        "/events" | "/alexa" => MAX_EVENT_BYTES,
        path if path.ends_with("/edit") => MAX_EVENT_BYTES,
        _ => MAX_BODY_BYTES,
    }
}

/// Reads the whole body before the request is handled. A response sent while the client still sends its body resets the
/// connection, and the client often never sees the response. These are the only limits on the size of a body, because
/// axum's own limit of 2 MB is larger.
pub async fn buffer(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let limit = max_body_bytes(parts.uri.path());
    let may_fit = usize::try_from(body.size_hint().lower()).is_ok_and(|size| size <= limit);
    let buffered = if may_fit { read_body(body, limit).await } else { Err(StatusCode::PAYLOAD_TOO_LARGE) };
    match buffered {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(status) => {
            let mut response = Problem::of_status(status).into_response();
            // The rest of the body is not read, so the connection cannot be used again.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }
    }
}

async fn read_body(body: Body, limit: usize) -> Result<Bytes, StatusCode> {
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
        let is_form = match media_type.as_str() {
            "application/x-www-form-urlencoded" => true,
            json if json == "application/json" || json.ends_with("+json") => false,
            _ => {
                let detail = "Send JSON with the header `Content-Type: application/json`.";
                return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail));
            }
        };
        let body =
            Bytes::from_request(request, state).await.map_err(|rejection| Problem::of_status(rejection.status()))?;
        let map = if is_form { parse_form(&body)? } else { parse_json(&body)? };
        Ok(Self { map, is_form })
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn parse_json(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => {
            let detail = "The body must be a JSON object, such as {\"name\": \"Melvin\"}.";
            Err(Problem::new(ProblemKind::MalformedRequest, detail))
        }
        Err(error) => Err(Problem::new(
            ProblemKind::MalformedRequest,
            format!("The body is not valid JSON: {error}. Send an object such as {{\"name\": \"Melvin\"}}."),
        )),
    }
}

fn parse_form(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    if body.first() == Some(&b'{') {
        let detail = "The body looks like JSON. Send it with the header `Content-Type: application/json`.";
        return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail));
    }
    Ok(form_urlencoded::parse(body).map(|(field, text)| (field.into_owned(), Value::from(text.into_owned()))).collect())
}
