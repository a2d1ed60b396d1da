//! The organiser's login in a browser: a cookie that holds when it ends, signed with the organiser's key.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::http::client::is_cross_site;
use crate::http::middleware::body::Fields;
use crate::http::problem::{Kind, Problem};
use crate::http::{App, pages};
use crate::ports::Unavailable;

const COOKIE: &str = "countmein_organiser";
const PURPOSE: &str = "organiser session";
const LASTS: Duration = Duration::from_secs(12 * 60 * 60);

/// Whether the request carries a session that has not ended.
pub async fn is_open(app: &App, headers: &HeaderMap) -> Result<bool, Unavailable> {
    let sessions = sessions(headers);
    if sessions.is_empty() {
        return Ok(false);
    }
    let key = app.secrets.organiser_key().await?;
    Ok(sessions.iter().any(|session| is_valid(&key, session, Timestamp::now())))
}

fn sessions(headers: &HeaderMap) -> Vec<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value).collect()
}

fn is_valid(key: &Secret, value: &str, now: Timestamp) -> bool {
    let Some((ends_at, tag)) = value.split_once('.') else { return false };
    let Ok(tag) = URL_SAFE_NO_PAD.decode(tag) else { return false };
    let ends = ends_at.parse().ok().and_then(|millis| Timestamp::from_millis(millis).ok());
    key.verifies(PURPOSE, &[ends_at.as_bytes()], &tag) && ends.is_some_and(|ends| now < ends)
}

/// Opens a session for whoever knows the key.
pub async fn log_in(State(app): State<Arc<App>>, headers: HeaderMap, fields: Fields) -> Result<Response, Problem> {
    if is_cross_site(&headers) {
        return Err(Problem::new(Kind::Forbidden, "log in on the organiser's own page"));
    }
    let key = app.secrets.organiser_key().await?;
    let guess = fields.map.get("key").and_then(Value::as_str).unwrap_or_default().trim();
    if !key.is(guess.as_bytes()) {
        tracing::warn!("a login with a wrong organiser's key");
        return Ok((StatusCode::FORBIDDEN, pages::login(Some("This is not the organiser's key."))).into_response());
    }
    let ends_at = Timestamp::now().plus(LASTS).as_millis().to_string();
    let tag = URL_SAFE_NO_PAD.encode(key.tag(PURPOSE, &[ends_at.as_bytes()]));
    let cookie = cookie(&app, &format!("{ends_at}.{tag}"), LASTS);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/organiser")).into_response())
}

/// Ends the session in this browser.
pub async fn log_out(State(app): State<Arc<App>>) -> Response {
    ([(header::SET_COOKIE, cookie(&app, "", Duration::ZERO))], Redirect::to("/organiser")).into_response()
}

fn cookie(app: &App, value: &str, lasts: Duration) -> String {
    let secure = if app.public_url.as_ref().is_some_and(|url| url.scheme() == "https") { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", lasts.as_secs())
}
