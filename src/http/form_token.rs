//! The token that the server puts into a form, so that a repeat of the form is recognised.
//!
//! Whoever knows a token and what was typed gets the same link. So only tokens of this server count, and only if its own page has
//! sent the form.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::domain::secret::Secret;
use crate::http::App;
use crate::http::client::is_cross_site;

/// The name of the field with the token.
pub const TOKEN_FIELD: &str = "form_token";

/// Separates these tags from other uses of the same secret.
const PURPOSE: &str = "form";

/// 128 bits, so that nobody guesses a token.
const RANDOM_BYTES: usize = 16;
const TAG_BYTES: usize = 12;

/// Returns a new token.
pub fn create(secret: &Secret) -> String {
    let mut bytes = vec![0; RANDOM_BYTES];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    let tag = secret.tag(PURPOSE, &[&bytes]);
    bytes.extend(&tag[..TAG_BYTES]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the token of a form that a page of this server has sent.
pub fn of_form<'a>(app: &App, headers: &HeaderMap, fields: &'a Map<String, Value>) -> Option<&'a str> {
    let token = fields.get(TOKEN_FIELD)?.as_str()?;
    let is_own = is_valid(token, &app.token_secret) && !is_cross_site(app.public_url.as_ref(), headers);
    is_own.then_some(token)
}

fn is_valid(token: &str, secret: &Secret) -> bool {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    bytes
        .split_at_checked(RANDOM_BYTES)
        .is_some_and(|(random, tag)| Secret::constant_time_eq(&secret.tag(PURPOSE, &[random])[..TAG_BYTES], tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_of_this_server_are_valid() {
        let secret = Secret::new("correct-horse-battery").unwrap();
        let token = create(&secret);
        assert!(is_valid(&token, &secret));
        assert_ne!(create(&secret), token);
        assert!(!is_valid(&token, &Secret::new("another-horse-battery").unwrap()));
        for other in ["", "chosen-by-somebody-else", &token[1..], &format!("{token}A")] {
            assert!(!is_valid(other, &secret), "{other}");
        }
    }
}
