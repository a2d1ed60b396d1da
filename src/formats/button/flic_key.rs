//! Verifies the tokens in which Flic's cloud sends button presses.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::timestamp::Timestamp;

/// The tolerated difference between our clock and the clocks of Flic's servers.
const CLOCK_LEEWAY_SECONDS: i64 = 60;

/// The public key that verifies Flic's tokens. Only ES256 is accepted, so a token cannot choose another algorithm.
#[derive(Clone)]
pub struct FlicKey(
    /// The uncompressed point (SEC 1, section 2.3.3).
    Vec<u8>,
);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid Flic key; write a JWK of the curve P-256: {{\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": …, \"y\": …}}"
)]
pub struct InvalidFlicKey;

/// Why a token is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFlicToken {
    #[error("the token is not a JSON Web Token")]
    Malformed,
    #[error("the token is not signed with ES256")]
    WrongAlgorithm,
    #[error("the token is not signed by Flic's key")]
    WrongSignature,
    #[error("the token has expired or has no expiry time")]
    Expired,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

impl FlicKey {
    /// Verifies a JSON Web Token in compact form (RFC 7519), and returns its claims.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Map<String, Value>, InvalidFlicToken> {
        let (signed, signature) = token.rsplit_once('.').ok_or(InvalidFlicToken::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(InvalidFlicToken::Malformed)?;
        if decode_part(header)?.get("alg").and_then(Value::as_str) != Some("ES256") {
            return Err(InvalidFlicToken::WrongAlgorithm);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| InvalidFlicToken::Malformed)?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.0);
        key.verify(signed.as_bytes(), &signature).map_err(|_| InvalidFlicToken::WrongSignature)?;
        let claims = decode_part(claims)?;
        match claims.get("exp").and_then(Value::as_i64) {
            Some(expires_at) if expires_at.saturating_add(CLOCK_LEEWAY_SECONDS) > now.as_seconds() => Ok(claims),
            _ => Err(InvalidFlicToken::Expired),
        }
    }
}

fn decode_part(part: &str) -> Result<Map<String, Value>, InvalidFlicToken> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| InvalidFlicToken::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| InvalidFlicToken::Malformed)
}

impl FromStr for FlicKey {
    type Err = InvalidFlicKey;

    fn from_str(text: &str) -> Result<Self, InvalidFlicKey> {
        let jwk: Jwk = serde_json::from_str(text).map_err(|_| InvalidFlicKey)?;
        let coordinate = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
            (bytes.len() == 32).then_some(bytes)
        };
        if jwk.kty != "EC" || jwk.crv != "P-256" {
            return Err(InvalidFlicKey);
        }
        let (x, y) = coordinate(&jwk.x).zip(coordinate(&jwk.y)).ok_or(InvalidFlicKey)?;
        // The byte 4 marks an uncompressed point.
        Ok(Self([&[4], &x[..], &y[..]].concat()))
    }
}

impl fmt::Debug for FlicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FlicKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    /// A signing key, which stands for Flic's cloud.
    struct Signer {
        pair: EcdsaKeyPair,
        random: SystemRandom,
    }

    impl Signer {
        fn new() -> Self {
            let random = SystemRandom::new();
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
            Self { pair, random }
        }

        fn key(&self) -> FlicKey {
            let point = self.pair.public_key().as_ref();
            let text = |bytes| URL_SAFE_NO_PAD.encode(bytes);
            let jwk = json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])});
            jwk.to_string().parse().unwrap()
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", part(header), part(claims));
            let signature = self.pair.sign(&self.random, signed.as_bytes()).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    fn now() -> Timestamp {
        Timestamp::parse_rfc3339("2026-11-25T18:00:00Z").unwrap()
    }

    fn claims(expires_in: i64) -> Value {
        json!({"buttonSerialNumber": "BB23-A08811", "clickType": "click", "exp": now().as_seconds() + expires_in})
    }

    #[test]
    fn accepts_signed_token_until_it_expires() {
        let flic = Signer::new();
        let header = json!({"alg": "ES256", "typ": "JWT"});
        let verify = |expires_in| flic.key().verify(&flic.sign(&header, &claims(expires_in)), now());
        assert_eq!(Value::Object(verify(300).unwrap()), claims(300));
        assert_eq!(verify(-61), Err(InvalidFlicToken::Expired));
        assert_eq!(flic.key().verify(&flic.sign(&header, &json!({})), now()), Err(InvalidFlicToken::Expired));
    }

    #[test]
    fn rejects_forged_tokens() {
        let (flic, attacker) = (Signer::new(), Signer::new());
        let header = json!({"alg": "ES256"});
        let token = attacker.sign(&header, &claims(300));
        assert_eq!(flic.key().verify(&token, now()), Err(InvalidFlicToken::WrongSignature));
        for algorithm in ["none", "HS256", "ES384", "es256"] {
            let token = flic.sign(&json!({"alg": algorithm}), &claims(300));
            assert_eq!(flic.key().verify(&token, now()), Err(InvalidFlicToken::WrongAlgorithm), "{algorithm}");
        }
        let token = flic.sign(&header, &claims(300));
        let (start, signature) = token.rsplit_once('.').unwrap();
        let (head, _) = start.split_once('.').unwrap();
        let altered = format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims(9_000).to_string()));
        assert_eq!(flic.key().verify(&altered, now()), Err(InvalidFlicToken::WrongSignature));
        assert_eq!(flic.key().verify(&format!("{start}."), now()), Err(InvalidFlicToken::WrongSignature));
        for text in ["", ".", "..", "a.b.c", "é.é.é", start] {
            assert!(flic.key().verify(text, now()).is_err(), "{text}");
        }
    }

    #[test]
    fn rejects_invalid_keys() {
        for text in ["", "{}", r#"{"kty": "RSA", "crv": "P-256", "x": "AA", "y": "AA"}"#, "-----BEGIN PUBLIC KEY-----"]
        {
            assert!(text.parse::<FlicKey>().is_err(), "{text}");
        }
    }
}
