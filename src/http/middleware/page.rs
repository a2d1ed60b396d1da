//! Renders pages. The parts that all pages share depend on the settings of the site, so handlers return a `Page` without them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::PreEscaped;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::domain::timestamp::Timestamp;
use crate::http::live_pages::{self, KnownPage, LivePages, PageId};
use crate::http::locale;
use crate::http::middleware::page_stream;
use crate::http::pages::{Page, TAG_HOLE, TOKEN_HOLE};
use crate::http::{App, form_token};

/// Renders the page in a response. A browser that has the same page already gets "not modified", and one that asks for a stream
/// is told when the page changes.
pub async fn render(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if page_stream::is_asked_for(&request) {
        return page_stream::open(app, request, next).await;
    }
    respond(&app, request, next).await
}

/// Runs a request, and renders the page in its response.
pub async fn respond(app: &App, request: Request, next: Next) -> Response {
    let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let has = |tag: &str| known.as_ref().is_some_and(|known| *known == entity_tag(tag));
    // With a query, it is probably not the page that many people see.
    let is_shared = request.uri().query().is_none() && !live_pages::is_personal(app, request.headers());
    let language = locale::language_in(request.uri());
    // A link that chooses a language also sets a cookie.
    let live = app.live.as_deref().filter(|_| *request.method() == Method::GET && language.is_none());
    let id = live.map(|_| PageId::of(app, request.uri(), request.headers()));
    if let Some(page) = live.zip(id.as_ref()).and_then(|(live, id)| live.current(id, Instant::now())) {
        if has(&page.tag) {
            return not_modified(&page.tag);
        }
        if let Some(html) = &page.html {
            return found(app, HeaderMap::new(), &page.tag, html);
        }
    }
    let commits = live.map(|live| *live.commits().borrow());

    let mut response = next.run(request).await;
    let Some(page) = response.extensions_mut().remove::<Page>() else { return response };
    let (mut parts, _) = response.into_parts();
    let is_plain = parts.headers.is_empty();
    if let Some(cookie) = language.and_then(|language| HeaderValue::try_from(locale::remember(app, language)).ok()) {
        parts.headers.append(header::SET_COOKIE, cookie);
    }
    let html = page.render(&app.site, is_get);
    if !(is_get && page.is_live() && parts.status == StatusCode::OK) {
        parts.headers.insert(header::VARY, VARY);
        return (parts, PreEscaped(with_token(app, &html))).into_response();
    }
    let tag: Arc<str> = URL_SAFE_NO_PAD.encode(&Sha256::digest(html.as_bytes())[..12]).into();
    let html: Arc<str> = html.replacen(TAG_HOLE, &tag, 1).into();
    if let (Some(live), Some(id), Some(commits)) = (live, id, commits)
        && is_plain
    {
        let until = LivePages::until(page.changes_at().map(|at| at.since(Timestamp::now())), Instant::now());
        let html = is_shared.then(|| Arc::clone(&html));
        live.remember(id, KnownPage { tag: Arc::clone(&tag), html, commits, until });
    }
    if has(&tag) {
        let mut response = not_modified(&tag);
        response.headers_mut().extend(parts.headers);
        return response;
    }
    found(app, parts.headers, &tag, &html)
}

/// The language and the sign-ups of this browser change a page.
pub const VARY: HeaderValue = HeaderValue::from_static("accept-language, cookie");

/// The tag is weak: the token of a form differs in every response, and does not change what the page says.
fn entity_tag(tag: &str) -> String {
    format!("W/\"{tag}\"")
}

/// Returns the tag of a page that stays up to date. `None` for every other response.
pub fn tag(response: &Response) -> Option<String> {
    let tag = response.headers().get(header::ETAG).filter(|_| response.status() == StatusCode::OK)?;
    Some(tag.to_str().ok()?.strip_prefix("W/\"")?.strip_suffix('"')?.to_owned())
}

fn found(app: &App, headers: HeaderMap, tag: &str, html: &str) -> Response {
    let mut response = PreEscaped(with_token(app, html)).into_response();
    response.headers_mut().extend(headers);
    add_headers(&mut response, tag);
    response
}

/// It has the headers of the page (RFC 9110, section 15.4.5).
fn not_modified(tag: &str) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    add_headers(&mut response, tag);
    response
}

fn add_headers(response: &mut Response, tag: &str) {
    let tag = HeaderValue::try_from(entity_tag(tag)).expect("base64 is a valid header value");
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, VARY);
}

fn with_token(app: &App, html: &str) -> String {
    if html.contains(TOKEN_HOLE) {
        html.replace(TOKEN_HOLE, &form_token::create(&app.token_secret))
    } else {
        html.to_owned()
    }
}
