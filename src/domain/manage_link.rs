//! The manage link: the token by which an attendee controls a registration, and the state that its page shows.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::attendee::{Attendee, Status};
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::secret::Secret;
use crate::domain::signup::{AttendeeKey, Signup, SignupId};
use crate::domain::timestamp::Timestamp;

const PURPOSE: &str = "manage";
/// 128 bits, like a usual session cookie. Links are sent in text messages, so they are short.
const TAG_BYTES: usize = 16;

/// Replaces the length of an id that is a UUID. The UUID then takes 16 bytes instead of 36.
const IS_UUID: u8 = 0;

/// How long a sign-up without a stored attendee counts as pending. An older one was removed by the organiser, or its tombstone
/// has expired.
const PENDING_FOR: Duration = Duration::from_secs(60 * 60);

/// Proves that the sign-up with this id was made for this attendee. It gives control only over the registration that this
/// sign-up began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManageToken {
    pub key: AttendeeKey,
    pub signup: SignupId,
}

/// The state of the registration behind a personal link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationState {
    /// The sign-up is on its way to the roster.
    Pending,
    In,
    Out,
    /// Another sign-up began the attendee's current registration.
    NotYours,
}

impl ManageToken {
    pub fn of(signup: &Signup) -> Self {
        Self { key: signup.key(), signup: signup.version.id.clone() }
    }

    /// The token of a link: base64url of the tag, the id and the folded name. The tag covers the event too, which is in
    /// another part of the link.
    pub fn sign(&self, secret: &Secret) -> String {
        let mut bytes = secret.tag(PURPOSE, &self.parts())[..TAG_BYTES].to_vec();
        let id = self.signup.as_str();
        match Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id) {
            Some(uuid) => {
                bytes.push(IS_UUID);
                bytes.extend_from_slice(uuid.as_bytes());
            }
            None => {
                bytes.push(u8::try_from(id.len()).expect("an id has at most 128 bytes"));
                bytes.extend_from_slice(id.as_bytes());
            }
        }
        bytes.extend_from_slice(self.key.name.as_str().as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Parses a link's token; none if it was not signed for this event with this secret.
    pub fn verify(event: &EventId, text: &str, secret: &Secret) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (tag, rest) = bytes.split_at_checked(TAG_BYTES)?;
        let (id, name) = match rest.split_first()? {
            (&IS_UUID, rest) => {
                let (uuid, name) = rest.split_first_chunk()?;
                (Uuid::from_bytes(*uuid).to_string(), name)
            }
            (&length, rest) => {
                let (id, name) = rest.split_at_checked(usize::from(length))?;
                (String::from_utf8(id.to_vec()).ok()?, name)
            }
        };
        let name = NameKey::from_stored(String::from_utf8(name.to_vec()).ok()?);
        let token = Self { key: AttendeeKey { event: event.clone(), name }, signup: SignupId::from_stored(id) };
        Secret::constant_time_eq(&secret.tag(PURPOSE, &token.parts())[..TAG_BYTES], tag).then_some(token)
    }

    fn parts(&self) -> [&[u8]; 3] {
        [self.key.event.as_str().as_bytes(), self.key.name.as_str().as_bytes(), self.signup.as_str().as_bytes()]
    }

    /// The state of the registration, given the stored attendee.
    pub fn state(&self, attendee: Option<&Attendee>, now: Timestamp) -> RegistrationState {
        let made_at = self.signup.made_at();
        match attendee {
            None if made_at.is_some_and(|made_at| now.since(made_at) < PENDING_FOR) => RegistrationState::Pending,
            None => RegistrationState::Out,
            Some(Attendee { status: Status::In(registration), .. }) if registration.owner == self.signup => {
                RegistrationState::In
            }
            Some(attendee) if made_at.is_some_and(|made_at| made_at > attendee.newest.requested_at) => {
                RegistrationState::Pending
            }
            Some(Attendee { status: Status::In(_), .. }) => RegistrationState::NotYours,
            Some(Attendee { status: Status::Out { .. }, .. }) => RegistrationState::Out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(id: &str) -> ManageToken {
        let key =
            AttendeeKey { event: EventId::parse("dance").unwrap(), name: NameKey::from_stored("melvin".to_owned()) };
        ManageToken { key, signup: SignupId::parse(id).unwrap() }
    }

    #[test]
    fn token_holds_any_id() {
        let secret = Secret::new("correct-horse-battery").unwrap();
        let ours = SignupId::new(Timestamp::now());
        for id in [ours.as_str(), "message-7", "01A210B2-1606-71EB-9330-9360507BD393", &"x".repeat(128)] {
            let token = token(id);
            let text = token.sign(&secret);
            assert_eq!(ManageToken::verify(&token.key.event, &text, &secret), Some(token), "{id}");
        }
        assert_eq!(token(ours.as_str()).sign(&secret).len(), 52);
    }

    #[test]
    fn rejects_forged_or_cut_token() {
        let secret = Secret::new("correct-horse-battery").unwrap();
        let token = token("message-7");
        let text = token.sign(&secret);
        let other = Secret::new("another-horse-battery").unwrap();
        assert_eq!(ManageToken::verify(&token.key.event, &text, &other), None);
        assert_eq!(ManageToken::verify(&EventId::parse("ball").unwrap(), &text, &secret), None);
        for cut in 0..text.len() {
            assert_eq!(ManageToken::verify(&token.key.event, &text[..cut], &secret), None);
        }
    }
}
