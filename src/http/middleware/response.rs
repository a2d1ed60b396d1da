//! What every answer gets: problems in the form that the client wants, security headers, a log line, a count.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::client::wants_page;
use crate::http::problem::Problem;
use crate::http::{App, pages};

/// Pages load nothing from elsewhere, are shown in no frame, and tell no other site their address: it may hold
/// a token.
const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

pub async fn dress(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let page = wants_page(request.headers());
    // The pattern and never the path: paths hold names and tokens.
    let route = request.extensions().get::<MatchedPath>().map_or("none".to_owned(), |path| path.as_str().to_owned());
    let private = route.starts_with("/organiser") || route.contains("{token}") || route == "/events";

    let mut response = next.run(request).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        response = as_problem(response, page);
    }
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    if private || !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }

    let status = response.status().as_u16();
    let took = began.elapsed();
    app.metrics.answered(known(&method), &route, status, took);
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(http.method = %method, http.route = route, http.status = status, millis, "answered");
    response
}

/// Clients may make up methods, and each label that they could make up would cost memory for ever.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET | Method::POST | Method::HEAD | Method::PUT | Method::DELETE | Method::OPTIONS => method.as_str(),
        _ => "other",
    }
}

/// Gives an answer of the framework's own a body, and shows a person a page.
fn as_problem(response: Response, page: bool) -> Response {
    let shown_already =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if shown_already {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let status = parts.status;
    let problem = parts.extensions.remove::<Problem>();
    if let (Some(_), false) = (&problem, page) {
        return Response::from_parts(parts, body);
    }
    let problem = problem.unwrap_or_else(|| Problem::of_status(status));
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut shown = if page { (status, pages::problem(&problem)).into_response() } else { problem.into_response() };
    // `Allow`, `Retry-After`, `WWW-Authenticate` stay.
    for (name, value) in &parts.headers {
        shown.headers_mut().insert(name, value.clone());
    }
    shown
}
