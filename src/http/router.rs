//! Every route of the HTTP API and its pages.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use crate::formats::panic;
use crate::http::api::routes;
use crate::http::middleware::memory_limit::MemoryLimit;
use crate::http::middleware::rate_limit::RateLimit;
use crate::http::middleware::{body, memory_limit, page, rate_limit, response};
use crate::http::problem::Problem;
use crate::http::routes::{alexa, events, new_event, organiser, sample};
use crate::http::{App, openapi, pages};

/// Longer than any handler takes. It ends the requests of clients that send their body too slowly.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Limits on what one client can use. `None` means that the limit is enforced in front of the program.
#[derive(Default)]
pub struct ClientLimits {
    pub requests: Option<Arc<RateLimit>>,
    pub memory: Option<Arc<MemoryLimit>>,
}

/// The router with all routes and middleware.
pub fn router(app: Arc<App>, limits: ClientLimits) -> Router {
    let mut router = routes()
        .route("/organiser", get(organiser::page))
        .route("/organiser/login", post(organiser::session::log_in))
        .route("/organiser/logout", post(organiser::session::log_out))
        .route("/new", get(new_event::show))
        .route("/events/{event}/poster", get(new_event::poster))
        .route("/find", get(sample::find))
        .route("/events/{event}/forget", post(events::forget))
        .route("/openapi.json", get(openapi::show))
        .route("/alexa", post(alexa::answer))
        .merge(pages::assets())
        .fallback(without_slash)
        .with_state(Arc::clone(&app));
    router = router.layer(middleware::from_fn_with_state(Arc::clone(&app), page::render));
    if let Some(limit) = limits.requests {
        router = router.layer(middleware::from_fn_with_state(limit, rate_limit::enforce));
    }
    router = router
        .layer(middleware::from_fn(body::buffer))
        .layer(CatchPanicLayer::custom(handle_panic))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT));
    if let Some(limit) = limits.memory {
        router = router.layer(middleware::from_fn_with_state(limit, memory_limit::enforce));
    }
    router.layer(middleware::from_fn_with_state(app, response::finish)).layer(CompressionLayer::new())
}

/// Leads from an address that ends with `/` to the one without. Whoever types or completes an address adds it.
async fn without_slash(uri: Uri) -> Response {
    let path = uri.path().trim_end_matches('/');
    // A path that begins with `//` or `/\` would lead to another site.
    let is_local = path.starts_with('/') && !path[1..].starts_with(['/', '\\']);
    if path.len() == uri.path().len() || !is_local {
        return StatusCode::NOT_FOUND.into_response();
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{path}{query}")).into_response()
}

fn handle_panic(panic: Box<dyn Any + Send>) -> Response {
    let message = panic::message(&*panic).unwrap_or("no message");
    tracing::error!(panic = message, "request handler panicked");
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}
