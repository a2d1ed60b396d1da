//! The manage link: its token gives an attendee control over a registration,
//! and its page shows the registration's state.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::domain::attendee::{Attendee, Status};
use crate::domain::event::EventId;
use crate::domain::link_token;
use crate::domain::registration_bytes;
use crate::domain::secret::Secret;
use crate::domain::signup::{AttendeeKey, Signup, SignupId};
use crate::domain::timestamp::Timestamp;

/// Separates these tags from other uses of the same secret. Changing it would invalidate all manage links.
const PURPOSE: &str = "manage";
/// 128 bits, as in a typical session cookie. Links are sent in text messages, so they must be short.
const TAG_BYTES: usize = 16;

/// How long a sign-up is shown as pending while no attendee is stored for it. If the sign-up is older, the organiser
/// removed the attendee, or the attendee's tombstone has expired.
const MAX_PENDING_DURATION: Duration = Duration::from_secs(60 * 60);

/// Identifies a sign-up and its attendee in a signed link. The bearer controls the registration that this sign-up
/// began, but no other registration of the attendee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManageToken {
    pub key: AttendeeKey,
    pub signup: SignupId,
}

/// The state of the registration that a personal link controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationState {
    /// The sign-up is not yet applied to the roster.
    Pending,
    /// The attendee is on the roster, and the link's sign-up began the registration.
    In,
    /// The attendee is not on the roster.
    Out,
    /// The attendee is on the roster, but another sign-up began the registration.
    NotYours,
}

impl ManageToken {
    pub fn of(signup: &Signup) -> Self {
        Self { key: signup.key(), signup: signup.version.id.clone() }
    }

    /// Returns the token as text for a link: the tag, the id and the folded name, in base64url. The tag also covers the
    /// event, which is in another part of the link.
    pub fn sign(&self, secret: &Secret) -> String {
        let mut bytes = secret.tag(PURPOSE, &self.parts())[..TAG_BYTES].to_vec();
        registration_bytes::append(&mut bytes, &self.signup, &self.key.name);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Parses the token of a link. Returns `None` if it was not signed with this secret for this event.
    pub fn verify(event: &EventId, text: &str, secret: &Secret) -> Option<Self> {
        link_token::candidates(text).find_map(|bytes| {
            let (tag, rest) = bytes.split_at_checked(TAG_BYTES)?;
            let (signup, name) = registration_bytes::parse(rest)?;
            let token = Self { key: AttendeeKey { event: event.clone(), name }, signup };
            Secret::constant_time_eq(&secret.tag(PURPOSE, &token.parts())[..TAG_BYTES], tag).then_some(token)
        })
    }

    fn parts(&self) -> [&[u8]; 3] {
        [self.key.event.as_str().as_bytes(), self.key.name.as_str().as_bytes(), self.signup.as_str().as_bytes()]
    }

    /// Returns the state of the registration. `attendee` is the stored attendee.
    pub fn state(&self, attendee: Option<&Attendee>, now: Timestamp) -> RegistrationState {
        let created_at = self.signup.created_at();
        match attendee {
            None if created_at.is_some_and(|created_at| now.since(created_at) < MAX_PENDING_DURATION) => {
                RegistrationState::Pending
            }
            None => RegistrationState::Out,
            Some(Attendee { status: Status::In(registration), .. }) if registration.owner == self.signup => {
                RegistrationState::In
            }
            Some(attendee) if created_at.is_some_and(|created_at| created_at > attendee.newest.requested_at) => {
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
    use crate::domain::attendee::apply_all;
    use crate::domain::attendee_name::{AttendeeName, NameKey};
    use crate::domain::channel::Channel;
    use crate::domain::event::Event;
    use crate::domain::signup::{Request, Version};

    fn token(id: &str) -> ManageToken {
        let key =
            AttendeeKey { event: EventId::parse("dance").unwrap(), name: NameKey::from_stored("melvin".to_owned()) };
        ManageToken { key, signup: SignupId::parse(id).unwrap() }
    }

    #[test]
    fn token_can_contain_any_id() {
        let secret = Secret::new("correct-horse-battery").unwrap();
        let uuid = SignupId::new(Timestamp::now());
        for id in [uuid.as_str(), "message-7", "01A210B2-1606-71EB-9330-9360507BD393", &"x".repeat(128)] {
            let token = token(id);
            let text = token.sign(&secret);
            assert_eq!(ManageToken::verify(&token.key.event, &text, &secret), Some(token), "{id}");
        }
        assert_eq!(token(uuid.as_str()).sign(&secret).len(), 52);
    }

    #[test]
    fn rejects_forged_or_truncated_token() {
        let secret = Secret::new("correct-horse-battery").unwrap();
        let token = token("message-7");
        let text = token.sign(&secret);
        let other = Secret::new("another-horse-battery").unwrap();
        assert_eq!(ManageToken::verify(&token.key.event, &text, &other), None);
        assert_eq!(ManageToken::verify(&EventId::parse("ball").unwrap(), &text, &secret), None);
        for length in 0..text.len() {
            assert_eq!(ManageToken::verify(&token.key.event, &text[..length], &secret), None);
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(Timestamp::EARLIEST.as_millis() + second * 1_000).unwrap()
    }

    /// Returns the attendee after these requests, each at a second, and with an id that contains it.
    fn attendee_after(requests: &[(i64, Request)]) -> (Option<Attendee>, Vec<SignupId>) {
        let signup = |(second, request): &(i64, Request)| Signup {
            version: Version { requested_at: at(*second), id: SignupId::new(at(*second)) },
            event: Event::parse("dance").unwrap(),
            name: AttendeeName::parse("Melvin").unwrap(),
            channel: Channel::Http,
            network: None,
            request: request.clone(),
        };
        let signups: Vec<Signup> = requests.iter().map(signup).collect();
        let ids = signups.iter().map(|signup| signup.version.id.clone()).collect();
        (apply_all(None, &signups, at(0)).0, ids)
    }

    #[test]
    fn state_without_attendee_is_pending_for_an_hour() {
        let (now, hour) = (at(9_000), 60 * 60);
        let state = |id: &SignupId| token(id.as_str()).state(None, now);
        assert_eq!(state(&SignupId::new(now)), RegistrationState::Pending);
        assert_eq!(state(&SignupId::new(at(9_000 - hour + 1))), RegistrationState::Pending);
        assert_eq!(state(&SignupId::new(at(9_000 - hour))), RegistrationState::Out);
        assert_eq!(state(&SignupId::parse("message-7").unwrap()), RegistrationState::Out, "its id has no time");
    }

    #[test]
    fn state_compares_the_signup_with_the_attendee() {
        let (join, leave) = (Request::sign_up(None), Request::Cancel);
        let state = |id: &SignupId, attendee: &Option<Attendee>| token(id.as_str()).state(attendee.as_ref(), at(99));
        let (melvin, ids) = attendee_after(&[(1, join.clone()), (5, join.clone())]);
        assert_eq!(state(&ids[0], &melvin), RegistrationState::In);
        assert_eq!(state(&ids[1], &melvin), RegistrationState::NotYours, "the newest request began no registration");
        assert_eq!(state(&SignupId::new(at(4)), &melvin), RegistrationState::NotYours);
        assert_eq!(state(&SignupId::new(at(6)), &melvin), RegistrationState::Pending);
        let (gone, ids) = attendee_after(&[(1, join), (5, leave)]);
        assert_eq!(state(&ids[0], &gone), RegistrationState::Out);
        assert_eq!(state(&SignupId::new(at(6)), &gone), RegistrationState::Pending);
    }
}
