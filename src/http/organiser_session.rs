//! The organiser's session in a browser: a cookie with its expiry time, signed with the organiser's key.

use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::http::App;
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

/// Returns the `Set-Cookie` header that starts a session. `key` is the organiser's key.
pub fn start(app: &App, key: &Secret) -> String {
    let expires_at = Timestamp::now().plus(SESSION_DURATION).as_millis().to_string();
    let tag = URL_SAFE_NO_PAD.encode(key.tag(PURPOSE, &[expires_at.as_bytes()]));
    cookie(app, &format!("{expires_at}.{tag}"), SESSION_DURATION)
}

/// Returns the `Set-Cookie` header that ends the session.
pub fn end(app: &App) -> String {
    cookie(app, "", Duration::ZERO)
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
