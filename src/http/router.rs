//! Every route of the HTTP API and its pages.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::formats::panic;
use crate::http::middleware::body::MAX_IMPORT_BYTES;
use crate::http::middleware::{body, response};
use crate::http::problem::Problem;
use crate::http::routes::{
    attendees, buttons, contacts, events, health, manage, organiser, resend_link, sample, signups,
};
use crate::http::{App, openapi, pages};

/// Longer than any handler takes. Clients that send a body more slowly are cut off.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The routes that the [OpenAPI document](openapi) describes.
fn api() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(sample::list).post(sample::sign_up))
        .route("/events", get(events::list))
        .route("/events/{event}", get(events::show))
        .route("/events/{event}/signups", post(signups::sign_up))
        .route("/events/{event}/link", post(resend_link::resend))
        .route("/events/{event}/attendees", get(attendees::list))
        .route("/events/{event}/attendees/{name}", get(attendees::show))
        .route("/events/{event}/manage/{token}", get(manage::show).post(manage::change))
        .route("/contacts/{token}", get(contacts::show).post(contacts::change))
        .route("/organiser/signups", post(organiser::sign_up))
        .route("/organiser/rejects", get(organiser::rejects::list))
        .route("/organiser/rejects/{id}", get(organiser::rejects::show))
        .route("/organiser/rejects/{id}/redrive", post(organiser::rejects::redrive))
        .route("/organiser/rejects/{id}/discard", post(organiser::rejects::discard))
        .route("/buttons", post(buttons::press))
        .route("/organiser/buttons", get(organiser::buttons::list).post(organiser::buttons::register))
        .route("/organiser/buttons/remove", post(organiser::buttons::remove))
        .route("/organiser/limits", get(organiser::limits::show))
        .route("/organiser/import", post(organiser::import::import).layer(DefaultBodyLimit::max(MAX_IMPORT_BYTES)))
        .route("/organiser/export", get(organiser::people::export))
        .route("/organiser/remove", post(organiser::people::remove))
        .route("/health", get(health::health))
        .route("/metrics", get(health::metrics))
}

/// The router with all routes and middleware. `add_layers` adds the caller's own middleware, such as a rate limit.
/// Its responses get the same headers and problem documents as those of the routes.
pub fn router(app: Arc<App>, add_layers: impl FnOnce(Router) -> Router) -> Router {
    let routes = api()
        .route("/organiser", get(organiser::page))
        .route("/organiser/login", post(organiser::session::log_in))
        .route("/organiser/logout", post(organiser::session::log_out))
        .route("/openapi.json", get(openapi::show))
        .merge(pages::assets())
        .with_state(Arc::clone(&app));
    add_layers(routes)
        .layer(middleware::from_fn(body::buffer))
        .layer(DefaultBodyLimit::max(body::MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(handle_panic))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
        .layer(middleware::from_fn_with_state(app, response::finish))
}

fn handle_panic(panic: Box<dyn Any + Send>) -> Response {
    let message = panic::message(&*panic).unwrap_or("of unknown kind");
    tracing::error!(panic = message, "request handler panicked");
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}
