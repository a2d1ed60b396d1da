//! The registrations that were made in a browser. A cookie keeps their personal links, so that an event's page can show them.

use std::time::Duration;

use axum::http::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::domain::event::EventId;
use crate::domain::manage_link::ManageToken;
use crate::http::cookies::SameSite;
use crate::http::{App, cookies};
use crate::ports::Unavailable;

pub const COOKIE: &str = "countmein_signups";
const COOKIE_MAX_AGE: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// The registrations that a cookie keeps. The oldest ones are dropped.
const MAX_KEPT: usize = 20;

/// Browsers accept at least 4,096 bytes for a cookie (RFC 6265, section 6.1).
const MAX_BYTES: usize = 3_500;

/// A registration that was made in this browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRegistration {
    pub event: EventId,
    /// The token at the end of its personal link.
    pub token: String,
}

/// Returns the registrations that were made in this browser, newest first. Their tokens are not verified.
pub fn read(app: &App, headers: &HeaderMap) -> Vec<OwnRegistration> {
    let values = cookies::values(app, COOKIE, headers);
    values.first().into_iter().flat_map(|value| parse(value)).collect()
}

/// Returns the registrations that were made in this browser for one event, newest first.
pub async fn of_event(
    app: &App,
    headers: &HeaderMap,
    event: &EventId,
) -> Result<Vec<(ManageToken, String)>, Unavailable> {
    let mut own = Vec::new();
    for registration in read(app, headers).into_iter().filter(|registration| registration.event == *event) {
        let token = app.verify(|secret| ManageToken::verify(event, &registration.token, secret)).await?;
        own.extend(token.map(|token| (token, registration.token)));
    }
    Ok(own)
}

/// Returns the `Set-Cookie` header that adds a registration.
pub fn add(app: &App, headers: &HeaderMap, new: OwnRegistration) -> String {
    let earlier = read(app, headers).into_iter().filter(|earlier| *earlier != new);
    set(app, &[new.clone()].into_iter().chain(earlier).collect::<Vec<_>>())
}

/// Returns the `Set-Cookie` header that drops a registration.
pub fn forget(app: &App, headers: &HeaderMap, dropped: &OwnRegistration) -> String {
    let others: Vec<_> = read(app, headers).into_iter().filter(|own| own != dropped).collect();
    set(app, &others)
}

fn set(app: &App, registrations: &[OwnRegistration]) -> String {
    cookies::set(app, COOKIE, &write(registrations), SameSite::Lax, COOKIE_MAX_AGE)
}

/// Writes `event:token`, joined by `.`. Neither occurs in base64url or in percent-encoded text.
fn write(registrations: &[OwnRegistration]) -> String {
    let mut value = String::new();
    for OwnRegistration { event, token } in registrations.iter().take(MAX_KEPT) {
        let entry = format!("{}:{token}", utf8_percent_encode(event.as_str(), NON_ALPHANUMERIC));
        if value.len() + 1 + entry.len() > MAX_BYTES {
            break;
        }
        if !value.is_empty() {
            value.push('.');
        }
        value.push_str(&entry);
    }
    value
}

fn parse(value: &str) -> Vec<OwnRegistration> {
    let entries = value.split('.').filter_map(|entry| entry.split_once(':'));
    entries
        .filter_map(|(event, token)| {
            let event = percent_decode_str(event).decode_utf8().ok()?;
            Some(OwnRegistration { event: EventId::parse(&event).ok()?, token: token.to_owned() })
        })
        .take(MAX_KEPT)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(event: &str, token: &str) -> OwnRegistration {
        OwnRegistration { event: EventId::parse(event).unwrap(), token: token.to_owned() }
    }

    #[test]
    fn written_registrations_are_read_back() {
        let registrations = vec![own("Fête d été", "a-b_c"), own("dance", "x")];
        let value = write(&registrations);
        assert!(value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';' && byte != b','), "{value}");
        assert_eq!(parse(&value), registrations);
        assert_eq!(parse("nonsense.:.%ff:x.🎉:x"), []);
    }

    #[test]
    fn oldest_registrations_are_dropped() {
        let many: Vec<_> = (0..40).map(|number| own(&format!("event-{number}"), "x")).collect();
        assert_eq!(parse(&write(&many)), many[..MAX_KEPT]);
        let long: Vec<_> = (0..20).map(|number| own(&format!("é{number}"), &"x".repeat(300))).collect();
        let value = write(&long);
        assert!(value.len() <= MAX_BYTES);
        assert_eq!(parse(&value), long[..parse(&value).len()]);
        assert!(parse(&value).len() > 5);
    }
}
