//! Logging in and out as the organiser in a browser.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value};

use crate::http::client::{ClientAddress, is_cross_site};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::pages::Form;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::{App, organiser_session, pages};

/// Starts a session if the form contains the organiser's key.
pub async fn log_in(
    State(app): State<Arc<App>>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    refuse_other_sites(&app, &headers)?;
    // Clients without a known address share one limit.
    let address = address.map_or(ClientAddress(Ipv4Addr::UNSPECIFIED.into()), |Extension(address)| address);
    if !app.login_limit.allows(address) {
        tracing::warn!("organiser login refused: too many attempts");
        let problem =
            Problem::new(ProblemKind::TooManyRequests, "Too many attempts. Please wait a minute and try again.");
        return Ok(login_again(locale, problem.on_page("organiser-too-many-attempts")));
    }
    let key = app.secrets.organiser_key().await?;
    let given = fields.map.get("key").and_then(Value::as_str).unwrap_or_default().trim();
    if !key.is(given.as_bytes()) {
        tracing::warn!("organiser login failed: wrong key");
        let problem = Problem::new(ProblemKind::InvalidField, "This is not the organiser's key.");
        let problem = Problem { field: Some("key"), ..problem.on_page("organiser-wrong-key") };
        return Ok(login_again(locale, problem));
    }
    Ok(([(header::SET_COOKIE, organiser_session::start(&app, &key))], Redirect::to("/organiser")).into_response())
}

/// Shows the form again, without the key that was typed.
fn login_again(locale: Locale, problem: Problem) -> Response {
    let form = Form::refused(locale, Map::new(), problem);
    (form.status(), pages::login(&form)).into_response()
}

/// Ends the session in this browser.
pub async fn log_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    refuse_other_sites(&app, &headers)?;
    Ok(([(header::SET_COOKIE, organiser_session::end(&app))], Redirect::to("/organiser")).into_response())
}

fn refuse_other_sites(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    if is_cross_site(app.public_url.as_ref(), headers) {
        let detail = "This request came from another site. Use the organiser's page of this server.";
        return Err(Problem::new(ProblemKind::Forbidden, detail));
    }
    Ok(())
}
