//! Secrets of a stage: the organiser's key and the key under which tokens are signed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The shortest secret that a person may set, in bytes: too long to be guessed over a rate-limited API.
pub const MIN_SECRET_BYTES: usize = 16;

/// Bytes that open something; never shown.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is too short; use at least {MIN_SECRET_BYTES} characters")]
pub struct TooShort;

/// An HMAC-SHA-256 tag.
pub type Tag = [u8; 32];

impl Secret {
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, TooShort> {
        let bytes = bytes.into();
        if bytes.len() < MIN_SECRET_BYTES { Err(TooShort) } else { Ok(Self(bytes)) }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether `guess` is the secret, in time that tells nothing but the length.
    pub fn is(&self, guess: &[u8]) -> bool {
        self.0.ct_eq(guess).into()
    }

    /// Whether two texts are the same, in time that tells nothing but their lengths.
    pub fn is_same(one: &[u8], other: &[u8]) -> bool {
        one.ct_eq(other).into()
    }

    /// The tag over `parts`, each with its length before it, so that no two lists of parts are alike.
    /// `purpose` keeps the tags of one use from serving another.
    pub fn tag(&self, purpose: &str, parts: &[&[u8]]) -> Tag {
        self.mac(purpose, parts).finalize().into_bytes().into()
    }

    /// Whether `tag` is the tag over `parts`, in constant time.
    pub fn verifies(&self, purpose: &str, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.mac(purpose, parts).verify_slice(tag).is_ok()
    }

    fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
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

/// A new random secret of 256 bits as text, for a file or a person.
pub fn generate() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        let secret = Secret::new(generate()).unwrap();
        let tag = secret.tag("test", &[b"ab", b"c"]);
        assert!(secret.verifies("test", &[b"ab", b"c"], &tag));
        assert!(!secret.verifies("test", &[b"a", b"bc"], &tag));
        assert!(!secret.verifies("other", &[b"ab", b"c"], &tag));
        assert!(!secret.verifies("test", &[b"ab", b"c"], &tag[..31]));
    }

    #[test]
    fn a_short_secret_is_refused_and_none_is_shown() {
        assert_eq!(Secret::new("0123456789abcde").unwrap_err(), TooShort);
        assert_eq!(format!("{:?}", Secret::new("0123456789abcdef").unwrap()), "Secret(…)");
    }
}
