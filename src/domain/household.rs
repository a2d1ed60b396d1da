use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::secret::Secret;
use crate::domain::signup::SignupId;

const PURPOSE: &str = "alexa user";

/// A household that uses an Echo, known again by a hash of the id that Amazon gives it: 22 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// `secret` must never change, or nobody is known again.
    pub fn of(user_id: &str, secret: &Secret) -> Self {
        Self(short(secret, user_id))
    }

    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of a sign-up that this household asked for: the same for the same request, and telling whose it is.
    pub fn signup_id(&self, request_id: &str, secret: &Secret) -> SignupId {
        let id = format!("alexa-{}-{}", self.0, short(secret, request_id));
        SignupId::parse(&id).expect("it is short ASCII")
    }

    /// Whether this household asked for a sign-up.
    pub fn asked_for(&self, signup: &SignupId) -> bool {
        signup
            .as_str()
            .strip_prefix("alexa-")
            .and_then(|rest| rest.strip_prefix(&self.0))
            .is_some_and(|rest| rest.starts_with('-'))
    }
}

fn short(secret: &Secret, text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&secret.tag(PURPOSE, &[text.as_bytes()])[..16])
}
