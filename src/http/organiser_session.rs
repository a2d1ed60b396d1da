//! The organiser's session in a browser: a cookie with its expiry time, signed with the organiser's key.

use std::time::Duration;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::http::cookies::SameSite;
use crate::http::{App, cookies};
use crate::ports::Unavailable;

/// Separates the signatures of sessions from the other signatures made with the same key.
const PURPOSE: &str = "organiser session";
pub const COOKIE: &str = "countmein_organiser";
const SESSION_DURATION: Duration = Duration::from_secs(12 * 60 * 60);

/// Whether the request carries a session that has not expired.
pub async fn has_valid_session(app: &App, headers: &HeaderMap) -> Result<bool, Unavailable> {
    let sessions = cookies::values(app, COOKIE, headers);
    if sessions.is_empty() {
        return Ok(false);
    }
    let key = app.secrets.organiser_key().await?;
    Ok(sessions.iter().any(|session| is_valid(&key, session, Timestamp::now())))
}

fn is_valid(key: &Secret, value: &str, now: Timestamp) -> bool {
    let Some((expires_at, tag)) = value.split_once('.') else { return false };
    let Ok(tag) = URL_SAFE_NO_PAD.decode(tag) else { return false };
    let expiry = expires_at.parse().ok().and_then(|millis| Timestamp::from_millis(millis).ok());
    key.verifies(PURPOSE, &[expires_at.as_bytes()], &tag) && expiry.is_some_and(|expiry| now < expiry)
}

/// Returns the `Set-Cookie` header that starts a session. `key` is the organiser's key.
pub fn start(app: &App, key: &Secret) -> String {
    let expires_at = Timestamp::now().plus(SESSION_DURATION).as_millis().to_string();
    let tag = URL_SAFE_NO_PAD.encode(key.tag(PURPOSE, &[expires_at.as_bytes()]));
    cookies::set(app, COOKIE, &format!("{expires_at}.{tag}"), SameSite::Never, SESSION_DURATION)
}

/// Returns the `Set-Cookie` header that ends the session.
pub fn end(app: &App) -> String {
    cookies::set(app, COOKIE, "", SameSite::Never, Duration::ZERO)
}
