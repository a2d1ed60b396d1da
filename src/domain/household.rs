//! Households with an Echo.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::secret::Secret;
use crate::domain::signup::SignupId;

const PURPOSE: &str = "alexa user";

/// A household with an Echo, as a keyed hash (22 characters) of the user id from Amazon.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// The `secret` must never change: every household would get a new id.
    pub fn of(user_id: &str, secret: &Secret) -> Self {
        Self(short_hash(secret, user_id))
    }

    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of a sign-up that this household requested. It contains the household's id, and is the same at every retry.
    pub fn signup_id(&self, request_id: &str, secret: &Secret) -> SignupId {
        let id = format!("alexa-{}-{}", self.0, short_hash(secret, request_id));
        SignupId::parse(&id).expect("an id of short ASCII is valid")
    }

    /// Whether this household requested a sign-up.
    pub fn requested(&self, signup: &SignupId) -> bool {
        signup
            .as_str()
            .strip_prefix("alexa-")
            .and_then(|rest| rest.strip_prefix(&self.0))
            .is_some_and(|rest| rest.starts_with('-'))
    }
}

fn short_hash(secret: &Secret, text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&secret.tag(PURPOSE, &[text.as_bytes()])[..16])
}
