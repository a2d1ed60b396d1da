//! The contract of the HTTP API, from what stands beside each handler.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::response::Response;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use crate::http::routes::{
    attendees, buttons, contacts, events, health, link_again, manage, organiser, sample, signups,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Count Me In",
        description = "Sign up to an event, see who is coming, and look after both. Pages post forms to the same addresses. Errors are problem details (RFC 9457)."
    ),
    paths(
        sample::list,
        sample::sign_up,
        signups::sign_up,
        attendees::roster,
        attendees::attendee,
        manage::show,
        manage::act,
        link_again::ask,
        contacts::show,
        contacts::act,
        events::events,
        events::event,
        organiser::sign_up,
        organiser::rejects::list,
        organiser::rejects::show,
        organiser::rejects::redrive,
        organiser::rejects::discard,
        buttons::press,
        organiser::buttons::list,
        organiser::buttons::register,
        organiser::buttons::remove,
        organiser::limits::show,
        organiser::import::import,
        organiser::people::export,
        organiser::people::remove,
        health::health,
        health::metrics,
    )
)]
struct Contract;

/// OpenAPI 3.1 in JSON.
pub fn openapi() -> String {
    let mut contract = Contract::openapi();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The organiser's key")).build();
    let components = contract.components.get_or_insert_default();
    components.security_schemes.insert("organiser".to_owned(), SecurityScheme::Http(bearer).into());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The button's secret")).build();
    components.security_schemes.insert("button".to_owned(), SecurityScheme::Http(bearer).into());
    for path in contract.paths.paths.values_mut() {
        for operation in [&mut path.get, &mut path.post].into_iter().flatten() {
            for (status, response) in &mut operation.responses.responses {
                describe(status, response);
            }
        }
    }
    let mut json = contract.to_pretty_json().expect("a contract is plain data");
    json.push('\n');
    json
}

/// Every response must have a description (OpenAPI 3.1, "Response Object"); most say enough by their status.
fn describe(status: &str, response: &mut RefOr<Response>) {
    let RefOr::T(response) = response else { return };
    if response.description.is_empty() {
        response.description = match status {
            "202" => "It is durably on its way",
            "4XX" => "A problem, and what to do about it",
            _ => "Done",
        }
        .to_owned();
    }
}

/// Written when somebody first asks for it: a function's start has no time for it.
static WRITTEN: LazyLock<String> = LazyLock::new(openapi);

pub async fn show() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], WRITTEN.as_str())
}
