//! The OpenAPI document of the HTTP API. It is generated from the attributes and doc comments of the handlers.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::response::Response;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use crate::http::api::ApiDoc;

const DESCRIPTION: &str = "Sign up for events and see who is coming. Clients send JSON; the pages post forms to the same URLs. Errors are problem details (RFC 9457).";

/// The OpenAPI 3.1 document, as JSON.
pub fn openapi() -> String {
    let mut document = ApiDoc::openapi();
    document.info.title = "Count Me In".to_owned();
    document.info.description = Some(DESCRIPTION.to_owned());
    let components = document.components.get_or_insert_default();
    for (name, description) in [
        ("organiser", "The organiser's key"),
        ("host", "The token at the end of a host's link"),
        ("button", "The button's secret"),
    ] {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
        components.security_schemes.insert(name.to_owned(), SecurityScheme::Http(bearer).into());
    }
    for path in document.paths.paths.values_mut() {
        for operation in [&mut path.get, &mut path.post, &mut path.patch, &mut path.delete].into_iter().flatten() {
            for (status, response) in &mut operation.responses.responses {
                add_description(status, response);
            }
        }
    }
    let mut json = document.to_pretty_json().expect("the document is plain data");
    json.push('\n');
    json
}

/// Describes a response that has no description of its own: OpenAPI 3.1 requires one ("Response Object").
fn add_description(status: &str, response: &mut RefOr<Response>) {
    let RefOr::T(response) = response else { return };
    if response.description.is_empty() {
        response.description = match status {
            "202" => "Accepted: the request is stored and will be processed",
            "4XX" | "404" | "503" => "The request failed; `detail` says why and what to do",
            _ => "Success",
        }
        .to_owned();
    }
}

/// Generated at the first request, so that it does not delay the start of a Lambda function.
static OPENAPI_JSON: LazyLock<String> = LazyLock::new(openapi);

pub async fn show() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI_JSON.as_str())
}
