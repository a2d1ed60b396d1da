//! The last step of every response: errors as problem documents or pages, security headers, a log line and metrics.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::PreEscaped;

use crate::http::client::{DefaultForm, wants_page};
use crate::http::locale::Locale;
use crate::http::pages::Back;
use crate::http::problem::Problem;
use crate::http::site::Site;
use crate::http::{App, pages};
use axum::http::StatusCode;
use axum::response::Redirect;

/// The routes of pages that people share. A client that asks for nothing in particular gets the page.
const PAGE_ROUTES: [&str; 6] = [
    "/events/{event}",
    "/events/{event}/manage/{token}",
    "/events/{event}/host/{token}",
    "/events/{event}/contact/{token}",
    "/contacts/{token}",
    "/new",
];

/// Pages load nothing from other sites and are not shown in frames.
const SECURITY_HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
         manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Renders an error response, adds headers to every response, and records each request in the log and the metrics.
pub async fn finish(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let locale = Locale::of_request(&app, request.headers(), request.uri());
    let back = Back::from_path(request.uri().path());
    // The route's pattern is recorded, never the path: paths contain names and tokens.
    let route = request.extensions().get::<MatchedPath>().map_or("none".to_owned(), |path| path.as_str().to_owned());
    // Forms come from pages.
    let is_page_route = method == Method::GET && PAGE_ROUTES.contains(&route.as_str());
    let default = if is_page_route { DefaultForm::Page } else { DefaultForm::Json };
    let wants_page = wants_page(request.headers(), default);
    let can_reload = matches!(method, Method::GET | Method::HEAD);
    let is_private = route.starts_with("/organiser") || route.contains("{token}") || route == "/events";

    let parent =
        request.uri().path().rsplit_once('/').map(|(parent, _)| parent.to_owned()).filter(|parent| !parent.is_empty());
    let mut response = next.run(request).await;
    // The address of a form that was refused, loaded again. Above it is the page with the form.
    if let Some(parent) =
        parent.filter(|_| can_reload && wants_page && response.status() == StatusCode::METHOD_NOT_ALLOWED)
    {
        response = Redirect::to(&parent).into_response();
    }
    if response.status().is_client_error() || response.status().is_server_error() {
        let page = wants_page.then_some(ProblemPage { locale, back, can_reload, site: &app.site });
        response = render_problem(response, page);
    }
    let headers = response.headers_mut();
    if let Some(path) =
        headers.get(header::LOCATION).and_then(|path| path.to_str().ok()).filter(|path| path.starts_with('/'))
        && let Ok(location) = HeaderValue::try_from(app.site.base.before(path))
    {
        headers.insert(header::LOCATION, location);
    }
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // The address of a page with a token is its key. From other pages, this server gets a referrer, or browsers would send
    // `Origin: null` with forms over plain HTTP.
    let referrer = if route.contains("{token}") || route == "none" { "no-referrer" } else { "same-origin" };
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    if is_private || !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }

    let status = response.status().as_u16();
    let duration = started.elapsed();
    app.metrics.answered(method_label(&method), &route, status, duration);
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(http.method = %method, http.route = route, http.status = status, millis, "request answered");
    response
}

/// The method as a metric label. Clients can invent methods, and every new label would use memory forever.
fn method_label(method: &Method) -> &str {
    match *method {
        Method::GET | Method::POST | Method::PATCH | Method::HEAD | Method::PUT | Method::DELETE | Method::OPTIONS => {
            method.as_str()
        }
        _ => "other",
    }
}

/// How a problem is shown to somebody with a browser.
struct ProblemPage<'a> {
    locale: Locale,
    back: Back,
    can_reload: bool,
    site: &'a Site,
}

/// Replaces the body of an error response: a page for browsers, otherwise a problem document. An error response that is
/// already a page is not changed.
fn render_problem(response: Response, page: Option<ProblemPage<'_>>) -> Response {
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let status = parts.status;
    let problem = parts.extensions.remove::<Problem>();
    if problem.is_some() && page.is_none() {
        return Response::from_parts(parts, body);
    }
    let problem = problem.unwrap_or_else(|| Problem::of_status(status));
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut rendered = match page {
        Some(ProblemPage { locale, back, can_reload, site }) => {
            (status, PreEscaped(pages::problem(locale, &problem, &back).render(site, can_reload))).into_response()
        }
        None => problem.into_response(),
    };
    // Keep `Allow`, `Retry-After` and `WWW-Authenticate`.
    for (name, value) in &parts.headers {
        rendered.headers_mut().insert(name, value.clone());
    }
    rendered
}
