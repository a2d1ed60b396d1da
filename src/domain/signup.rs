//! A sign-up: one request about one name on one event.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};
use uuid::{ClockSequence, ContextV7, NoContext, Uuid};

use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::channel::Channel;
use crate::domain::client_network::ClientNetwork;
use crate::domain::clock;
use crate::domain::contact::Contact;
use crate::domain::event::{Event, EventId};
use crate::domain::invalid::FieldProblem;
use crate::domain::registration_details::RegistrationEdit;
use crate::domain::timestamp::Timestamp;

/// The maximum length of an id, in bytes. UUIDs, SQS message ids and typical CloudEvents ids are shorter.
const MAX_SIGNUP_ID_BYTES: usize = 128;

/// Orders the ids that this process creates in one millisecond.
static CONTEXT: Mutex<AssertUnwindSafe<ContextV7>> = Mutex::new(AssertUnwindSafe(ContextV7::new()));

/// A validated request from any channel. Its [`Request`] determines what it may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signup {
    pub version: Version,
    pub event: Event,
    pub name: AttendeeName,
    pub channel: Channel,
    /// The network of the client that made the request over HTTP, if it is known.
    pub network: Option<ClientNetwork>,
    pub request: Request,
}

/// What a sign-up requests, and who may request it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Begins a registration, or leaves an existing one unchanged. Anyone may request this. `confirmed` says that the
    /// browser has shown control of the contact.
    SignUp { contact: Option<Contact>, confirmed: bool, details: RegistrationEdit },
    /// Begins a registration, or changes an existing one as far as `contact` and `details` are given. Only trusted
    /// channels may request this.
    TrustedSignUp { contact: Option<Contact>, details: RegistrationEdit },
    /// Sets or removes the contact of the registration that the sign-up
    /// `registration` began. Only its owner may request this. `confirmed` says that the browser has shown control of the
    /// contact.
    SetContact { registration: SignupId, contact: Option<Contact>, confirmed: bool },
    /// Confirms the registration that the sign-up `registration` began, and turns its notifications on, if it still has
    /// this contact. Only the contact's owner may request this.
    ConfirmContact { registration: SignupId, contact: Contact },
    /// Changes the details of the registration that the sign-up `registration` began. Only its owner may request this.
    SetDetails { registration: SignupId, details: RegistrationEdit },
    /// Ends the attendee's current registration, whichever sign-up began it. Only trusted channels may request this.
    Cancel,
    /// Ends the registration that the sign-up `registration` began, but no other one. Only its owner may request this.
    CancelRegistration { registration: SignupId },
    /// Turns notifications on or off for the registration that the sign-up
    /// `registration` began. Only its owner may request this.
    SetNotifications { registration: SignupId, on: bool },
    /// Sends the manage link again, to the registration's contact. Anyone may request this.
    SendLink,
}

/// The action that a message on the queue requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, EnumString, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schemars(inline)]
pub enum Action {
    SignUp,
    Cancel,
    SendLink,
    /// Changes the details of a registration.
    Change,
}

/// Orders the requests about one attendee: the request with the greater version is the newer one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub requested_at: Timestamp,
    pub id: SignupId,
}

/// Identifies a sign-up: 1 to 128 printable ASCII characters. An id from
/// [`SignupId::new`] is a UUIDv7, so such ids sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignupId(String);

/// Identifies an attendee: one name on one event. The key of a request has the
/// [lookup key](AttendeeName::lookup_key) of the name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttendeeKey {
    pub event: EventId,
    pub name: NameKey,
}

impl Signup {
    pub fn key(&self) -> AttendeeKey {
        AttendeeKey { event: self.event.id().clone(), name: self.name.lookup_key().into_owned() }
    }
}

impl Version {
    /// Returns a version that is newer than all versions that this process created before, and not older than its
    /// [clock].
    pub fn now() -> Self {
        let id = SignupId::with_context(clock::now(), &CONTEXT);
        let requested_at = id.created_at().expect("the id is a UUID of version 7");
        Self { requested_at, id }
    }

    /// Returns a version that is also newer than `other`, so that the request has an effect although another machine's
    /// clock is ahead of this one's.
    pub fn newer_than(other: Option<&Self>) -> Self {
        let now = Self::now();
        match other {
            Some(other) if now <= *other => {
                let requested_at = other.requested_at.plus(Duration::from_millis(1));
                Self { requested_at, id: SignupId::new(requested_at) }
            }
            _ => now,
        }
    }
}

impl Request {
    /// A public sign-up without details.
    pub fn sign_up(contact: Option<Contact>) -> Self {
        Self::SignUp { contact, confirmed: false, details: RegistrationEdit::default() }
    }

    /// A trusted sign-up without details.
    pub fn trusted_sign_up(contact: Option<Contact>) -> Self {
        Self::TrustedSignUp { contact, details: RegistrationEdit::default() }
    }

    /// Returns the sign-up that began the registration which the request is about. Only its owner can name it.
    pub fn registration(&self) -> Option<&SignupId> {
        match self {
            Self::SetContact { registration, .. }
            | Self::ConfirmContact { registration, .. }
            | Self::SetDetails { registration, .. }
            | Self::CancelRegistration { registration }
            | Self::SetNotifications { registration, .. } => Some(registration),
            Self::SignUp { .. } | Self::TrustedSignUp { .. } | Self::Cancel | Self::SendLink => None,
        }
    }

    pub fn action(&self) -> Action {
        match self {
            Self::SignUp { .. }
            | Self::TrustedSignUp { .. }
            | Self::SetContact { .. }
            | Self::ConfirmContact { .. }
            | Self::SetNotifications { .. } => Action::SignUp,
            Self::SetDetails { .. } => Action::Change,
            Self::Cancel | Self::CancelRegistration { .. } => Action::Cancel,
            Self::SendLink => Action::SendLink,
        }
    }
}

impl SignupId {
    /// Creates a unique id for a sign-up at `at`. It sorts after ids with an earlier time.
    pub fn new(at: Timestamp) -> Self {
        Self::with_context(at, &NoContext)
    }

    /// The context may replace the time by a later one, so that its ids are in the order of their creation.
    fn with_context(at: Timestamp, context: &impl ClockSequence<Output = impl Into<u128>>) -> Self {
        let millis = u64::try_from(at.as_millis()).expect("a timestamp is after 1970");
        let subsec_nanos = u32::try_from(millis % 1_000 * 1_000_000).expect("less than a second fits 32 bits");
        let uuid_time = uuid::Timestamp::from_unix(context, millis / 1_000, subsec_nanos);
        Self(Uuid::new_v7(uuid_time).to_string())
    }

    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let is_printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_printable && (1..=MAX_SIGNUP_ID_BYTES).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldProblem::NotAnId { limit: MAX_SIGNUP_ID_BYTES })
        }
    }

    /// Creates an id from a stored value of [`SignupId::as_str`], without validating it.
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the time in an id from [`SignupId::new`], or `None` for an id that contains no time.
    pub fn created_at(&self) -> Option<Timestamp> {
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
    use super::*;

    #[test]
    fn ids_sort_by_time() {
        let earlier = Timestamp::parse_rfc3339("2026-11-23T12:00:00.123Z").unwrap();
        let later = earlier.plus(Duration::from_millis(1));
        assert!(SignupId::new(earlier) < SignupId::new(later));
        assert_ne!(SignupId::new(earlier), SignupId::new(earlier));
        assert_eq!(SignupId::new(earlier).created_at(), Some(earlier));
        assert_eq!(SignupId::parse("order-17").unwrap().created_at(), None);
    }

    #[test]
    fn each_new_version_is_newer() {
        let versions: Vec<_> = std::iter::repeat_with(Version::now).take(10_000).collect();
        assert!(versions.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn rejects_long_or_unprintable_id() {
        assert!(SignupId::parse("urn:order:17/5").is_ok());
        for text in ["", "a b", "é", "a\n", &"x".repeat(129)] {
            assert_eq!(SignupId::parse(text), Err(FieldProblem::NotAnId { limit: 128 }), "{text:?}");
        }
    }

    #[test]
    fn newer_version_is_newer_than_one_from_the_future() {
        let requested_at = Timestamp::now().plus(Duration::from_secs(3_600));
        let ahead = Version { requested_at, id: SignupId::new(requested_at) };
        let newer = Version::newer_than(Some(&ahead));
        assert!(newer > ahead);
        assert_eq!(newer.requested_at, requested_at.plus(Duration::from_millis(1)));
        assert!(Version::newer_than(None) < ahead);
        let earlier = Version { requested_at: Timestamp::EARLIEST, id: SignupId::new(Timestamp::EARLIEST) };
        let before = Timestamp::now();
        assert!(Version::newer_than(Some(&earlier)).requested_at >= before, "an earlier version does not hold it back");
    }
}
