//! Signs calls as specified by Standard Webhooks (<https://www.standardwebhooks.com>). Receivers use the signature to
//! verify the sender.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::Url;

use crate::domain::secret::{Secret, Tag};

/// Separates these keys from other keys that are derived from the secret. Changing it changes every signing key.
const PURPOSE: &str = "webhook signing key";

/// The key that signs the calls to one address. Each address has its own key, so that no receiver can forge a call to
/// another receiver.
pub struct SigningKey(Tag);

impl SigningKey {
    /// Derives the key from the secret and the address, so that it need not be stored.
    pub fn new(secret: &Secret, to: &Url) -> Self {
        Self(secret.tag(PURPOSE, &[to.as_str().as_bytes()]))
    }

    /// Returns the key in the form that libraries for Standard Webhooks accept: `whsec_…`.
    pub fn to_text(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }

    /// Returns the value of the header `webhook-signature`. `seconds` is the value of the header `webhook-timestamp`.
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        sign(&self.0, id, seconds, body)
    }
}

fn sign(key: &[u8], id: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC accepts a key of any length");
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_the_example_of_standard_webhooks() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
