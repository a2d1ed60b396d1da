//! The id of a contact: a keyed hash of its address.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::domain::contact::Contact;
use crate::domain::secret::Secret;

/// Separates these hashes from other uses of the same secret. Changing it would change all contact ids.
const PURPOSE: &str = "contact";

/// Separates the ids of mailboxes from those of contacts.
const MAILBOX_PURPOSE: &str = "mailbox";

/// 128 bits, enough that two addresses with the same id cannot be found.
const ID_BYTES: usize = 16;

/// Identifies a contact without revealing its address: the first 16 bytes of an HMAC over kind and address, in
/// base64url.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContactId(String);

impl ContactId {
    /// Returns the id of a contact. The `secret` must never change, since every contact
    /// would then get a new id and lose its opt-in.
    pub fn of(contact: &Contact, secret: &Secret) -> Self {
        Self::with_purpose(PURPOSE, contact, secret)
    }

    /// Returns the id of a contact's [mailbox](Contact::mailbox). It is different from the ids of all contacts.
    pub fn of_mailbox(contact: &Contact, secret: &Secret) -> Self {
        Self::with_purpose(MAILBOX_PURPOSE, &contact.mailbox(), secret)
    }

    fn with_purpose(purpose: &str, contact: &Contact, secret: &Secret) -> Self {
        // All spellings of an address get one id and one opt-in request.
        let contact = contact.folded();
        let tag = secret.tag(purpose, &[contact.kind().as_bytes(), contact.address().as_bytes()]);
        Self(URL_SAFE_NO_PAD.encode(&tag[..ID_BYTES]))
    }

    /// Creates an id from a value of [`ContactId::as_str`] that was stored or part of a token, without validating it.
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
    fn id_depends_on_address_and_secret_but_not_case() {
        let secret = |text: &str| Secret::new(text).unwrap();
        let key = secret("first-contact-secret");
        let ana = Contact::email("ana@example.org").unwrap();
        let id = ContactId::of(&ana, &key);
        assert_eq!(id, ContactId::of(&ana, &key));
        assert_eq!(id, ContactId::of(&Contact::email("ANA@example.org").unwrap(), &key), "case does not matter");
        assert_ne!(id, ContactId::of(&Contact::email("ben@example.org").unwrap(), &key));
        assert_ne!(id, ContactId::of(&ana, &secret("other-contact-secret")));
        assert_eq!(id.as_str().len(), 22);
    }

    #[test]
    fn addresses_with_tags_have_one_mailbox_id() {
        let key = Secret::new("first-contact-secret").unwrap();
        let mailbox = |address| ContactId::of_mailbox(&Contact::email(address).unwrap(), &key);
        let id = mailbox("ana@example.org");
        assert_eq!([mailbox("ana+dance@example.org"), mailbox("ANA+1@example.org")], [id.clone(), id.clone()]);
        assert_ne!(mailbox("ben+ana@example.org"), id);
        assert_ne!(ContactId::of(&Contact::email("ana@example.org").unwrap(), &key), id);
    }
}
