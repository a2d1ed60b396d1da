//! Households that use the Alexa skill.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::secret::Secret;
use crate::domain::signup::SignupId;

/// Separates these hashes from other uses of the same secret. Changing it would change all household ids.
const PURPOSE: &str = "alexa user";

/// Identifies a household that uses the Alexa skill: a keyed hash (22 characters) of the user id that Amazon sends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HouseholdId(String);

impl HouseholdId {
    /// Returns the id of a household. The `secret` must never change, since every household would then get a new id.
    pub fn of(amazon_user_id: &str, secret: &Secret) -> Self {
        Self(short_hash(secret, amazon_user_id))
    }

    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the id of the sign-up that this household makes with an Alexa request. It contains the household's id,
    /// and is the same if the request is repeated.
    pub fn signup_id(&self, request_id: &str, secret: &Secret) -> SignupId {
        let id = format!("alexa-{}-{}", self.0, short_hash(secret, request_id));
        SignupId::parse(&id).expect("the id is short and printable ASCII")
    }

    /// Returns whether this household made the sign-up.
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
