//! Secrets: the organiser's key, and the secrets that sign tokens and hash identifiers.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The minimum length of a secret, in bytes. A random secret of this length cannot be guessed over a rate-limited API.
pub const MIN_SECRET_BYTES: usize = 16;

/// A secret. `Debug` does not show its bytes.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

/// The error for a secret with fewer than [`MIN_SECRET_BYTES`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is too short; use at least {MIN_SECRET_BYTES} characters")]
pub struct SecretTooShort;

/// An HMAC-SHA-256 tag.
pub type Tag = [u8; 32];

impl Secret {
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, SecretTooShort> {
        let bytes = bytes.into();
        if bytes.len() < MIN_SECRET_BYTES { Err(SecretTooShort) } else { Ok(Self(bytes)) }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns whether `guess` equals the secret. The duration of the comparison depends only on the lengths.
    pub fn is(&self, guess: &[u8]) -> bool {
        self.0.ct_eq(guess).into()
    }

    /// Returns whether two byte strings are equal. The duration of the comparison depends only on the lengths.
    pub fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
        one.ct_eq(other).into()
    }

    /// Returns the tag over `parts`. Each part is preceded by its length, so that lists with different boundaries have
    /// different tags. `purpose` makes a tag that was created for one use invalid for any other use.
    pub fn tag(&self, purpose: &str, parts: &[&[u8]]) -> Tag {
        self.mac(purpose, parts).finalize().into_bytes().into()
    }

    /// Returns whether `tag` is the tag over `parts` for `purpose`, compared in constant time.
    pub fn verifies(&self, purpose: &str, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.mac(purpose, parts).verify_slice(tag).is_ok()
    }

    fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC accepts keys of any length");
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            mac.update(&u64::try_from(part.len()).expect("a length fits 64 bits").to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Generates a random secret of 256 bits, in base64url.
pub fn generate() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_depends_on_part_boundaries() {
        let secret = Secret::new(generate()).unwrap();
        let tag = secret.tag("test", &[b"ab", b"c"]);
        assert!(secret.verifies("test", &[b"ab", b"c"], &tag));
        assert!(!secret.verifies("test", &[b"a", b"bc"], &tag));
        assert!(!secret.verifies("other", &[b"ab", b"c"], &tag));
        assert!(!secret.verifies("test", &[b"ab", b"c"], &tag[..31]));
    }

    #[test]
    fn rejects_short_secret_and_hides_it() {
        assert_eq!(Secret::new("0123456789abcde").unwrap_err(), SecretTooShort);
        assert_eq!(format!("{:?}", Secret::new("0123456789abcdef").unwrap()), "Secret(…)");
    }
}
