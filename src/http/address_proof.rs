//! A cookie that shows which addresses the user of a browser controls: those whose opt-in link was used in it.

use std::time::Duration;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::http::client::is_cross_site;
use crate::http::cookies::SameSite;
use crate::http::{App, cookies};
use crate::ports::Unavailable;

const COOKIE: &str = "countmein_addresses";

/// Separates these tags from other uses of the same secret.
const PURPOSE: &str = "control of an address";

/// 128 bits, as in a typical session cookie.
const TAG_BYTES: usize = 16;

/// How long the use of an opt-in link counts.
const DURATION: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// The addresses that a cookie holds. A person seldom has more, and the cookie stays short.
const MAX_ADDRESSES: usize = 5;

/// Separates the addresses in the cookie.
const SEPARATOR: char = '~';

/// One address in the cookie.
struct Proof {
    contact: ContactId,
    issued_at: Timestamp,
}

impl Proof {
    fn sign(&self, secret: &Secret) -> String {
        let seconds = self.issued_at.as_seconds().to_string();
        let tag = secret.tag(PURPOSE, &[self.contact.as_str().as_bytes(), seconds.as_bytes()]);
        format!("{}.{seconds}.{}", self.contact.as_str(), URL_SAFE_NO_PAD.encode(&tag[..TAG_BYTES]))
    }

    /// Returns the proof if it was signed with this secret and has not expired.
    fn verify(text: &str, secret: &Secret, now: Timestamp) -> Option<Self> {
        let (contact, seconds) = text.rsplit_once('.')?.0.split_once('.')?;
        let issued_at = Timestamp::from_millis(seconds.parse::<i64>().ok()?.checked_mul(1_000)?).ok()?;
        let proof = Self { contact: ContactId::from_stored(contact.to_owned()), issued_at };
        let is_signed = Secret::constant_time_eq(proof.sign(secret).as_bytes(), text.as_bytes());
        (is_signed && now.since(issued_at) < DURATION).then_some(proof)
    }
}

/// Returns whether this browser has used an opt-in link of the contact. A request that another site caused proves nothing.
pub async fn proves_control(app: &App, headers: &HeaderMap, contact: &Contact) -> Result<bool, Unavailable> {
    let cookies = cookies::values(app, COOKIE, headers);
    if cookies.is_empty() || is_cross_site(app.public_url.as_ref(), headers) {
        return Ok(false);
    }
    let Some(secret) = app.secrets.contact_secret().await? else { return Ok(false) };
    let contact = ContactId::of(contact, &secret);
    let proofs = proofs(app, &cookies).await?;
    Ok(proofs.iter().any(|proof| proof.contact == contact))
}

/// Returns the `Set-Cookie` header that adds a contact whose opt-in link was used in this browser. The oldest addresses are
/// forgotten.
pub async fn remember(app: &App, headers: &HeaderMap, contact: &ContactId) -> Result<String, Unavailable> {
    let mut proofs = proofs(app, &cookies::values(app, COOKIE, headers)).await?;
    proofs.retain(|proof| proof.contact != *contact);
    proofs.insert(0, Proof { contact: contact.clone(), issued_at: Timestamp::now() });
    proofs.truncate(MAX_ADDRESSES);
    let signed: Vec<String> = proofs.iter().map(|proof| proof.sign(&app.token_secret)).collect();
    Ok(cookies::set(app, COOKIE, &signed.join(&SEPARATOR.to_string()), SameSite::Lax, DURATION))
}

async fn proofs(app: &App, cookies: &[&str]) -> Result<Vec<Proof>, Unavailable> {
    let now = Timestamp::now();
    let mut proofs = Vec::new();
    for text in cookies.iter().flat_map(|cookie| cookie.split(SEPARATOR)).take(MAX_ADDRESSES) {
        proofs.extend(app.verify(|secret| Proof::verify(text, secret, now)).await?);
    }
    Ok(proofs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proof_is_valid_for_180_days() {
        let secret = Secret::new("correct-horse-battery").unwrap();
        let issued_at = Timestamp::parse_rfc3339("2026-11-26T12:00:00Z").unwrap();
        let contact = ContactId::of(&Contact::email("ana@example.org").unwrap(), &secret);
        let text = Proof { contact: contact.clone(), issued_at }.sign(&secret);
        let verified = |text: &str, after: Duration| Proof::verify(text, &secret, issued_at.plus(after));
        let day = Duration::from_secs(24 * 60 * 60);
        assert_eq!(verified(&text, 179 * day).map(|proof| proof.contact), Some(contact));
        assert!(verified(&text, 180 * day).is_none());
        let other = Secret::new("another-horse-battery").unwrap();
        assert!(Proof::verify(&text, &other, issued_at).is_none());
        let later = text.replacen('.', ".9", 1);
        for forged in ["", ".", "..", "a.b.c", &later, &text[1..], &text[..text.len() - 1]] {
            assert!(verified(forged, Duration::ZERO).is_none(), "{forged}");
        }
    }
}
