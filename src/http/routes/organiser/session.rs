//! The organiser's session in a browser: a cookie with its expiry time, signed with the organiser's key.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::http::client::{ClientAddress, is_cross_site};
use crate::http::middleware::body::Fields;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::{App, pages};
use crate::ports::Unavailable;

/// Separates the signatures of sessions from the other signatures made with the same key.
const PURPOSE: &str = "organiser session";
const SESSION_DURATION: Duration = Duration::from_secs(12 * 60 * 60);

/// Whether the request carries a session that has not expired.
pub async fn has_valid_session(app: &App, headers: &HeaderMap) -> Result<bool, Unavailable> {
    let sessions = session_cookies(cookie_name(app), headers);
    if sessions.is_empty() {
        return Ok(false);
    }
    let key = app.secrets.organiser_key().await?;
    Ok(sessions.iter().any(|session| is_valid(&key, session, Timestamp::now())))
}

fn session_cookies<'a>(name: &str, headers: &'a HeaderMap) -> Vec<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).collect()
}

fn is_valid(key: &Secret, value: &str, now: Timestamp) -> bool {
    let Some((expires_at, tag)) = value.split_once('.') else { return false };
    let Ok(tag) = URL_SAFE_NO_PAD.decode(tag) else { return false };
    let expiry = expires_at.parse().ok().and_then(|millis| Timestamp::from_millis(millis).ok());
    key.verifies(PURPOSE, &[expires_at.as_bytes()], &tag) && expiry.is_some_and(|expiry| now < expiry)
}

/// Starts a session if the form contains the organiser's key.
pub async fn log_in(
    State(app): State<Arc<App>>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    refuse_other_sites(&app, &headers)?;
    // Clients without a known address share one limit.
    let address = address.map_or(ClientAddress(Ipv4Addr::UNSPECIFIED.into()), |Extension(address)| address);
    if !app.login_limit.allows(address) {
        tracing::warn!("organiser login refused: too many attempts");
        let page = pages::login(Some("Too many attempts. Please wait a minute and try again."));
        return Ok((StatusCode::TOO_MANY_REQUESTS, page).into_response());
    }
    let key = app.secrets.organiser_key().await?;
    let given = fields.map.get("key").and_then(Value::as_str).unwrap_or_default().trim();
    if !key.is(given.as_bytes()) {
        tracing::warn!("organiser login failed: wrong key");
        return Ok((StatusCode::FORBIDDEN, pages::login(Some("This is not the organiser's key."))).into_response());
    }
    let expires_at = Timestamp::now().plus(SESSION_DURATION).as_millis().to_string();
    let tag = URL_SAFE_NO_PAD.encode(key.tag(PURPOSE, &[expires_at.as_bytes()]));
    let cookie = cookie(&app, &format!("{expires_at}.{tag}"), SESSION_DURATION);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/organiser")).into_response())
}

/// Ends the session in this browser.
pub async fn log_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    refuse_other_sites(&app, &headers)?;
    Ok(([(header::SET_COOKIE, cookie(&app, "", Duration::ZERO))], Redirect::to("/organiser")).into_response())
}

fn refuse_other_sites(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    if is_cross_site(app.public_url.as_ref(), headers) {
        let detail = "This request came from another site. Use the organiser's page of this server.";
        return Err(Problem::new(ProblemKind::Forbidden, detail));
    }
    Ok(())
}

fn is_https(app: &App) -> bool {
    app.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
}

/// The name of the session cookie. Browsers accept the prefix `__Host-` only from this very host over https, so neither a
/// subdomain nor plain HTTP can set the cookie (RFC 6265bis, section 4.1.3.2).
fn cookie_name(app: &App) -> &'static str {
    if is_https(app) { "__Host-countmein_organiser" } else { "countmein_organiser" }
}

fn cookie(app: &App, value: &str, max_age: Duration) -> String {
    let name = cookie_name(app);
    let secure = if is_https(app) { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", max_age.as_secs())
}
