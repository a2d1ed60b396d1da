//! The id of a contact: a keyed hash of its address.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::contact::Contact;
use crate::domain::secret::Secret;

const PURPOSE: &str = "contact";

/// 128 bits: nobody can find another address with the same id.
const ID_BYTES: usize = 16;

/// Identifies a contact without its address: the first bytes of an HMAC over kind and address, in base64url.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactId(String);

impl ContactId {
    /// The `secret` must never change: every contact would get a new id, and its opt-in would be lost.
    pub fn of(contact: &Contact, secret: &Secret) -> Self {
        let address = match contact {
            // Mail providers ignore case. One mailbox gets one opt-in request, however its address is written.
            Contact::Email(address) => Cow::Owned(address.to_ascii_lowercase()),
            Contact::Sms(address) | Contact::Webhook(address) => Cow::Borrowed(address.as_str()),
        };
        let tag = secret.tag(PURPOSE, &[contact.kind().as_bytes(), address.as_bytes()]);
        Self(URL_SAFE_NO_PAD.encode(&tag[..ID_BYTES]))
    }

    /// A stored id, or one from a token: the result of [`ContactId::as_str`].
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_has_one_hidden_id() {
        let secret = |text: &str| Secret::new(text).unwrap();
        let key = secret("the first of secrets");
        let ana = Contact::email("ana@example.org").unwrap();
        let id = ContactId::of(&ana, &key);
        assert_eq!(id, ContactId::of(&ana, &key));
        assert_eq!(id, ContactId::of(&Contact::email("ANA@example.org").unwrap(), &key), "it is one mailbox");
        assert_ne!(id, ContactId::of(&Contact::email("ben@example.org").unwrap(), &key));
        assert_ne!(id, ContactId::of(&ana, &secret("another of secrets")));
        assert_eq!(id.as_str().len(), 22);
    }
}
