//! Every route of the HTTP API and its pages.

use crate::formats::panic;
use crate::http::middleware::body::IMPORT_BYTES;
use crate::http::middleware::{body, response};
use crate::http::problem::Problem;
use crate::http::routes::{
    attendees, buttons, contacts, events, health, link_again, manage, organiser, sample, signups,
};
use crate::http::{App, openapi, pages};
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// Longer than any answer takes; a client that sends more slowly is cut off.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The routes that the [contract](openapi) describes.
fn api() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(sample::list).post(sample::sign_up))
        .route("/events", get(events::events))
        .route("/events/{event}", get(events::event))
        .route("/events/{event}/signups", post(signups::sign_up))
        .route("/events/{event}/link", post(link_again::ask))
        .route("/events/{event}/attendees", get(attendees::roster))
        .route("/events/{event}/attendees/{name}", get(attendees::attendee))
        .route("/events/{event}/manage/{token}", get(manage::show).post(manage::act))
        .route("/contacts/{token}", get(contacts::show).post(contacts::act))
        .route("/organiser/signups", post(organiser::sign_up))
        .route("/organiser/rejects", get(organiser::rejects::list))
        .route("/organiser/rejects/{id}", get(organiser::rejects::show))
        .route("/organiser/rejects/{id}/redrive", post(organiser::rejects::redrive))
        .route("/organiser/rejects/{id}/discard", post(organiser::rejects::discard))
        .route("/buttons", post(buttons::press))
        .route("/organiser/buttons", get(organiser::buttons::list).post(organiser::buttons::register))
        .route("/organiser/buttons/remove", post(organiser::buttons::remove))
        .route("/organiser/limits", get(organiser::limits::show))
        .route("/organiser/import", post(organiser::import::import).layer(DefaultBodyLimit::max(IMPORT_BYTES)))
        .route("/organiser/export", get(organiser::people::export))
        .route("/organiser/remove", post(organiser::people::remove))
        .route("/health", get(health::health))
        .route("/metrics", get(health::metrics))
}

/// Everything that is served. `guard` lets the home add layers of its own, such as a rate limit, whose answers are
/// dressed like all others.
pub fn router(app: Arc<App>, guard: impl FnOnce(Router) -> Router) -> Router {
    let routes = api()
        .route("/organiser", get(organiser::page))
        .route("/organiser/login", post(organiser::session::log_in))
        .route("/organiser/logout", post(organiser::session::log_out))
        .route("/openapi.json", get(openapi::show))
        .merge(pages::assets())
        .with_state(Arc::clone(&app));
    guard(routes)
        .layer(middleware::from_fn(body::take_in))
        .layer(DefaultBodyLimit::max(body::BODY_BYTES))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
        .layer(middleware::from_fn_with_state(app, response::dress))
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic::message(&*panic).unwrap_or("of unknown kind");
    tracing::error!(panic = message, "a request failed");
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}
