//! Whether somebody wants messages at an address. Nobody gets any before they have said so.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::contact::Contact;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;

const ID_PURPOSE: &str = "contact";
const TOKEN_PURPOSE: &str = "consent";

/// 128 bits: nobody finds another address with the same.
const ID_BYTES: usize = 16;

/// 128 bits, as of many a session cookie.
const TAG_BYTES: usize = 16;

/// An address without telling it: the beginning of an HMAC over its kind and itself, in base64url.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactId(String);

/// What the owner of an address has said. An address that nobody was asked at has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptIn {
    /// They were asked then, for the last time.
    Pending {
        at: Timestamp,
    },
    Confirmed,
    /// They want nothing, and are not asked again.
    OptedOut,
}

impl ContactId {
    /// `secret` must stay, or all addresses are strangers again.
    pub fn of(contact: &Contact, secret: &Secret) -> Self {
        let address = match contact {
            // No provider tells mailboxes apart by case, and one mailbox is not asked again for each way to write it.
            Contact::Email(address) => Cow::Owned(address.to_ascii_lowercase()),
            Contact::Sms(address) | Contact::Webhook(address) => Cow::Borrowed(address.as_str()),
        };
        let tag = secret.tag(ID_PURPOSE, &[contact.kind().as_bytes(), address.as_bytes()]);
        Self(URL_SAFE_NO_PAD.encode(&tag[..ID_BYTES]))
    }

    /// An id as it came from [`ContactId::as_str`], out of a backend or a token.
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stands in a link that was sent to an address: whoever has it reads what comes there.
pub struct ContactToken;

impl ContactToken {
    /// The tag, then the id.
    pub fn sign(contact: &ContactId, secret: &Secret) -> String {
        let tag = secret.tag(TOKEN_PURPOSE, &[contact.as_str().as_bytes()]);
        format!("{}{}", URL_SAFE_NO_PAD.encode(&tag[..TAG_BYTES]), contact.as_str())
    }

    /// None if it was not made under this secret.
    pub fn verify(text: &str, secret: &Secret) -> Option<ContactId> {
        let (_, id) = text.split_at_checked(TAG_BYTES.div_ceil(3) * 4 - 2)?;
        let id = ContactId(id.to_owned());
        Secret::is_same(Self::sign(&id, secret).as_bytes(), text.as_bytes()).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text).unwrap()
    }

    fn ana() -> Contact {
        Contact::email("ana@example.org").unwrap()
    }

    #[test]
    fn an_address_has_one_id_and_shows_nothing_of_itself() {
        let key = secret("the first of secrets");
        let id = ContactId::of(&ana(), &key);
        assert_eq!(id, ContactId::of(&ana(), &key));
        assert_eq!(id, ContactId::of(&Contact::email("ANA@example.org").unwrap(), &key), "it is one mailbox");
        assert_ne!(id, ContactId::of(&Contact::email("ben@example.org").unwrap(), &key));
        assert_ne!(id, ContactId::of(&ana(), &secret("another of secrets")));
        assert_eq!(id.as_str().len(), 22);
    }

    #[test]
    fn a_token_is_good_under_its_secret_alone_and_only_whole() {
        let key = secret("the first of secrets");
        let id = ContactId::of(&ana(), &key);
        let token = ContactToken::sign(&id, &key);
        assert_eq!(token.len(), 44);
        assert_eq!(ContactToken::verify(&token, &key), Some(id));
        assert_eq!(ContactToken::verify(&token, &secret("another of secrets")), None);
        for forged in ["", "x", &token[1..], &token[..43], &format!("{token}A"), "é".repeat(22).as_str()] {
            assert_eq!(ContactToken::verify(forged, &key), None, "{forged}");
        }
    }
}
