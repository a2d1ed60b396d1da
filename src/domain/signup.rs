//! A sign-up: one request about one name on one event.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};
use uuid::Uuid;

use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::event::{Event, EventId};
use crate::domain::invalid::FieldProblem;
use crate::domain::timestamp::Timestamp;

/// The longest id, in bytes. A UUID, an SQS message id and a usual CloudEvents id are shorter.
const SIGNUP_ID_BYTES: usize = 128;

/// A valid request from any channel. Its [`Request`] determines what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signup {
    pub version: Version,
    pub event: Event,
    pub name: AttendeeName,
    pub channel: Channel,
    pub request: Request,
}

/// What a sign-up requests. Each variant states who may send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Begins a registration, and leaves an existing one unchanged. Anyone may send it.
    SignUp { contact: Option<Contact> },
    /// Begins a registration, or sets the contact of an existing one. Only a trusted channel may send it.
    TrustedSignUp { contact: Option<Contact> },
    /// Sets or removes the contact of the registration that the sign-up `registration` began. Only its owner may send it.
    SetContact { registration: SignupId, contact: Option<Contact> },
    /// Ends any registration of the attendee. Only a trusted channel may send it.
    Cancel,
    /// Ends the registration that the sign-up `registration` began, and no other. Only its owner may send it.
    CancelRegistration { registration: SignupId },
    /// Turns notifications on or off for the registration that the sign-up `registration` began. Only its owner may send it.
    SetNotifications { registration: SignupId, on: bool },
    /// Sends the manage link to the registration's contact again. Anyone may send it.
    SendLink,
}

/// The action of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, EnumString, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schemars(inline)]
pub enum Action {
    SignUp,
    Cancel,
    SendLink,
}

/// The order of two requests about one attendee: the greater version is the newer request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub requested_at: Timestamp,
    pub id: SignupId,
}

/// A sign-up's id: 1 to 128 printable ASCII characters. Ids from [`SignupId::new`] are UUIDs of version 7, which sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignupId(String);

/// Identifies an attendee: one name on one event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttendeeKey {
    pub event: EventId,
    pub name: NameKey,
}

impl Signup {
    pub fn key(&self) -> AttendeeKey {
        AttendeeKey { event: self.event.id().clone(), name: self.name.key().clone() }
    }
}

impl Version {
    /// A version that is newer than all earlier versions of this process.
    pub fn now() -> Self {
        let id = SignupId(Uuid::now_v7().to_string());
        let requested_at = id.made_at().unwrap_or_else(Timestamp::now);
        Self { requested_at, id }
    }
}

impl Request {
    pub fn action(&self) -> Action {
        match self {
            Self::SignUp { .. }
            | Self::TrustedSignUp { .. }
            | Self::SetContact { .. }
            | Self::SetNotifications { .. } => Action::SignUp,
            Self::Cancel | Self::CancelRegistration { .. } => Action::Cancel,
            Self::SendLink => Action::SendLink,
        }
    }
}

impl SignupId {
    /// A new id that sorts after those of earlier milliseconds.
    pub fn new(at: Timestamp) -> Self {
        let millis = u64::try_from(at.as_millis()).expect("a timestamp is after 1970");
        let subsec_nanos = u32::try_from(millis % 1_000 * 1_000_000).expect("less than a second");
        let moment = uuid::Timestamp::from_unix(uuid::NoContext, millis / 1_000, subsec_nanos);
        Self(Uuid::new_v7(moment).to_string())
    }

    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if printable && (1..=SIGNUP_ID_BYTES).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldProblem::NotAnId { limit: SIGNUP_ID_BYTES })
        }
    }

    /// A stored id: the result of [`SignupId::as_str`].
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The time in an id from [`SignupId::new`]; none for other ids.
    pub fn made_at(&self) -> Option<Timestamp> {
        let (seconds, nanos) = Uuid::try_parse(&self.0).ok()?.get_timestamp()?.to_unix();
        let millis = seconds.checked_mul(1_000)?.checked_add(u64::from(nanos / 1_000_000))?;
        Timestamp::from_millis(i64::try_from(millis).ok()?).ok()
    }
}

impl fmt::Display for SignupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ids_sort_by_time() {
        let earlier = Timestamp::parse_rfc3339("2026-11-23T12:00:00.123Z").unwrap();
        let later = earlier.plus(Duration::from_millis(1));
        assert!(SignupId::new(earlier) < SignupId::new(later));
        assert_ne!(SignupId::new(earlier), SignupId::new(earlier));
        assert_eq!(SignupId::new(earlier).made_at(), Some(earlier));
        assert_eq!(SignupId::parse("order-17").unwrap().made_at(), None);
    }

    #[test]
    fn versions_never_tie() {
        let versions: Vec<_> = std::iter::repeat_with(Version::now).take(10_000).collect();
        assert!(versions.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn id_is_short_printable_ascii() {
        assert!(SignupId::parse("urn:order:17/5").is_ok());
        for text in ["", "a b", "é", "a\n", &"x".repeat(129)] {
            assert_eq!(SignupId::parse(text), Err(FieldProblem::NotAnId { limit: 128 }), "{text:?}");
        }
    }
}
