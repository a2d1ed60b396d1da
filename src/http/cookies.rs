//! Cookies that this server sets: only over the connection that it knows to be used, and hidden from scripts.

use std::time::Duration;

use axum::http::{HeaderMap, header};

use crate::http::App;

/// When browsers send a cookie with requests that another site caused.
#[derive(Debug, Clone, Copy)]
pub enum SameSite {
    /// With a link to this server.
    Lax,
    Never,
}

/// Returns the values of a cookie in a request.
pub fn values<'a>(app: &App, name: &str, headers: &'a HeaderMap) -> Vec<&'a str> {
    let name = full_name(app, name);
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).collect()
}

/// Returns the `Set-Cookie` header for a cookie.
pub fn set(app: &App, name: &str, value: &str, same_site: SameSite, max_age: Duration) -> String {
    let name = full_name(app, name);
    let same_site = match same_site {
        SameSite::Lax => "Lax",
        SameSite::Never => "Strict",
    };
    let secure = if is_https(app) { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={}{secure}", max_age.as_secs())
}

fn is_https(app: &App) -> bool {
    app.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
}

/// Browsers accept the prefix `__Host-` only from this very host over https, so neither a subdomain nor plain HTTP can
/// set the cookie (RFC 6265bis, section 4.1.3.2).
fn full_name(app: &App, name: &str) -> String {
    if is_https(app) { format!("__Host-{name}") } else { name.to_owned() }
}
