//! The link in an opt-in request. It names one registration and its contact.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::contact_id::ContactId;
use crate::domain::event::EventId;
use crate::domain::link_token;
use crate::domain::registration::RegistrationKey;
use crate::domain::registration_bytes;
use crate::domain::secret::Secret;
use crate::domain::signup::AttendeeKey;

/// Separates these tags from other uses of the same secret. Changing it would invalidate all tokens.
const PURPOSE: &str = "opt-in of a registration";

/// 128 bits, as in a typical session cookie. Links are sent in text messages, so they must be short.
const TAG_BYTES: usize = 16;

/// The bytes of a [`ContactId`], which is their base64url form.
const CONTACT_BYTES: usize = 16;

/// Identifies a registration and its contact in a signed link. It proves that its bearer can read the messages to this
/// contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptInToken {
    pub contact: ContactId,
    pub registration: RegistrationKey,
}

impl OptInToken {
    /// Returns the token as text for a link: the tag, the contact's id, the sign-up's id and the folded name, in base64url.
    /// The tag also covers the event, which is in another part of the link.
    pub fn sign(&self, secret: &Secret) -> String {
        let contact = URL_SAFE_NO_PAD.decode(self.contact.as_str()).expect("the id of a contact is base64url");
        let mut bytes = [&secret.tag(PURPOSE, &self.parts())[..TAG_BYTES], &contact].concat();
        registration_bytes::append(&mut bytes, &self.registration.owner, &self.registration.attendee.name);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Parses the token of a link. Returns `None` if it was not signed with this secret for this event.
    pub fn verify(event: &EventId, text: &str, secret: &Secret) -> Option<Self> {
        link_token::candidates(text).find_map(|bytes| {
            let (tag, rest) = bytes.split_at_checked(TAG_BYTES)?;
            let (contact, rest) = rest.split_at_checked(CONTACT_BYTES)?;
            let (owner, name) = registration_bytes::parse(rest)?;
            let attendee = AttendeeKey { event: event.clone(), name };
            let contact = ContactId::from_stored(URL_SAFE_NO_PAD.encode(contact));
            let token = Self { contact, registration: RegistrationKey { attendee, owner } };
            Secret::constant_time_eq(&secret.tag(PURPOSE, &token.parts())[..TAG_BYTES], tag).then_some(token)
        })
    }

    fn parts(&self) -> [&[u8]; 4] {
        let RegistrationKey { attendee, owner } = &self.registration;
        [attendee.event.as_str(), attendee.name.as_str(), owner.as_str(), self.contact.as_str()].map(str::as_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attendee_name::NameKey;
    use crate::domain::contact::Contact;
    use crate::domain::manage_link::ManageToken;
    use crate::domain::signup::SignupId;
    use crate::domain::timestamp::Timestamp;

    fn secret() -> Secret {
        Secret::new("correct-horse-battery").unwrap()
    }

    fn token(owner: &str) -> OptInToken {
        let attendee =
            AttendeeKey { event: EventId::parse("dance").unwrap(), name: NameKey::from_stored("melvin".to_owned()) };
        let owner = SignupId::parse(owner).unwrap();
        let contact = ContactId::of(&Contact::email("melvin@example.org").unwrap(), &secret());
        OptInToken { contact, registration: RegistrationKey { attendee, owner } }
    }

    #[test]
    fn token_can_contain_any_id() {
        let uuid = SignupId::new(Timestamp::now());
        for id in [uuid.as_str(), "message-7", &"x".repeat(128)] {
            let token = token(id);
            let event = &token.registration.attendee.event;
            assert_eq!(OptInToken::verify(event, &token.sign(&secret()), &secret()), Some(token.clone()), "{id}");
        }
        assert_eq!(token(uuid.as_str()).sign(&secret()).len(), 74);
    }

    #[test]
    fn rejects_forged_or_truncated_token() {
        let token = token("message-7");
        let RegistrationKey { attendee, owner } = token.registration.clone();
        let (event, text) = (&attendee.event, token.sign(&secret()));
        assert_eq!(OptInToken::verify(event, &text, &Secret::new("another-horse-battery").unwrap()), None);
        assert_eq!(OptInToken::verify(&EventId::parse("ball").unwrap(), &text, &secret()), None);
        for length in 0..text.len() {
            assert_eq!(OptInToken::verify(event, &text[..length], &secret()), None);
        }
        let other = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for place in 0..other.len() {
            let mut forged = other.clone();
            forged[place] ^= 1;
            assert_eq!(OptInToken::verify(event, &URL_SAFE_NO_PAD.encode(forged), &secret()), None, "byte {place}");
        }
        let manage = ManageToken { key: attendee.clone(), signup: owner }.sign(&secret());
        assert_eq!(OptInToken::verify(event, &manage, &secret()), None);
        assert_eq!(ManageToken::verify(event, &text, &secret()), None);
    }
}
