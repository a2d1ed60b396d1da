//! The router: every route of the HTTP API and its pages, on nothing but the ports.

pub mod client;
pub mod problem;

mod attendees;
mod body;
mod dress;
mod events;
mod everybody;
mod health;
mod manage;
mod organiser;
mod pages;
mod sample;
mod signups;

use std::any::Any;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use url::Url;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::metrics::Meter;
use crate::panic;
use crate::ports::{Idempotency, Queue, Rejects, Roster, Secrets};
use crate::secret::Secret;
use crate::web::client::ListEveryone;
use crate::web::problem::Problem;

/// Longer than any answer takes; a client that sends more slowly is cut off.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What the routes work with.
pub struct App {
    pub queue: Arc<dyn Queue>,
    pub roster: Arc<dyn Roster>,
    pub rejects: Arc<dyn Rejects>,
    pub idempotency: Arc<dyn Idempotency>,
    /// Signs manage links.
    pub token_secret: Secret,
    pub secrets: Arc<dyn Secrets>,
    /// How others reach this server; without it a link begins with the address that the client used.
    pub public_url: Option<Url>,
    pub list_everyone: ListEveryone,
    pub metrics: Arc<dyn Meter>,
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Count Me In",
    description = "Sign up to an event, see who is coming, and look after both. Errors are problem details (RFC 9457)."
))]
struct Contract;

/// The routes that the OpenAPI document describes.
fn api() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Contract::openapi())
        .routes(routes!(sample::list, sample::sign_up))
        .routes(routes!(signups::sign_up))
        .routes(routes!(attendees::roster))
        .routes(routes!(attendees::attendee))
        .routes(routes!(manage::show, manage::act))
        .routes(routes!(events::events))
        .routes(routes!(events::event))
        .routes(routes!(organiser::sign_up))
        .routes(routes!(organiser::rejects::list))
        .routes(routes!(organiser::rejects::show))
        .routes(routes!(organiser::rejects::redrive))
        .routes(routes!(organiser::rejects::discard))
        .routes(routes!(organiser::people::export))
        .routes(routes!(organiser::people::remove))
        .routes(routes!(health::health))
        .routes(routes!(health::metrics))
}

/// The contract of the HTTP API, OpenAPI 3.1 in JSON.
pub fn openapi() -> String {
    let mut contract = api().into_openapi();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The organiser's key")).build();
    let components = contract.components.get_or_insert_default();
    components.security_schemes.insert("organiser".to_owned(), SecurityScheme::Http(bearer).into());
    let mut json = contract.to_pretty_json().expect("a contract is plain data");
    json.push('\n');
    json
}

/// Written when somebody first asks for it: a function's start has no time for it.
static CONTRACT: LazyLock<String> = LazyLock::new(openapi);

/// Everything that is served. `guard` lets the home add layers of its own, such as a rate limit, whose answers are
/// dressed like all others.
pub fn router(app: Arc<App>, guard: impl FnOnce(Router) -> Router) -> Router {
    let (api, _) = api().split_for_parts();
    let routes = api
        .route("/organiser", get(organiser::page))
        .route("/organiser/login", post(organiser::session::log_in))
        .route("/organiser/logout", post(organiser::session::log_out))
        .route("/openapi.json", get(async || ([(header::CONTENT_TYPE, "application/json")], CONTRACT.as_str())))
        .merge(pages::assets())
        .with_state(Arc::clone(&app));
    guard(routes)
        .layer(middleware::from_fn(body::take_in))
        .layer(DefaultBodyLimit::max(body::BODY_BYTES))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
        .layer(middleware::from_fn_with_state(app, dress::dress))
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic::message(&*panic).unwrap_or("of unknown kind");
    tracing::error!(panic = message, "a request failed");
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}
