//! Request bodies: buffering them, and reading a JSON object or a form.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
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

/// The maximum size of a body that is read to its end although it is too large.
const MAX_DRAINED_BYTES: usize = 4 * 1_024 * 1_024;

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
    if let Some(encoding) = request.headers().get(header::CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        tracing::debug!(?encoding, "request refused: its body is encoded");
        let detail = "This server reads no encoded bodies. Send the body without `Content-Encoding`.";
        let mut response = Problem::new(ProblemKind::UnsupportedMediaType, detail).into_response();
        // RFC 9110, section 12.5.3.
        response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    let (parts, body) = request.into_parts();
    let limit = max_body_bytes(parts.uri.path());
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    // A client that asks first (`Expect: 100-continue`) has not begun to write.
    let is_asking = parts.headers.contains_key(header::EXPECT);
    let buffered = match announced {
        _ if announced <= limit => read_body(body, limit).await,
        _ if announced > MAX_DRAINED_BYTES || is_asking => Err(StatusCode::PAYLOAD_TOO_LARGE),
        _ => read_body(body, 0).await,
    };
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

/// Reads a body of at most `limit` bytes. Of a larger one, reads at most [`MAX_DRAINED_BYTES`] and keeps nothing: most clients read no
/// answer before they have written their whole request.
async fn read_body(mut body: Body, limit: usize) -> Result<Bytes, StatusCode> {
    let (mut kept, mut read) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
        read += data.len();
        if read > MAX_DRAINED_BYTES {
            break;
        }
        if read <= limit {
            kept.extend_from_slice(&data);
        } else {
            kept = Vec::new();
        }
    }
    if read <= limit { Ok(kept.into()) } else { Err(StatusCode::PAYLOAD_TOO_LARGE) }
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
