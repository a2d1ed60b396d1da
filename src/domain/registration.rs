//! A registration: one continuous period during which an attendee is on an event's roster.

use std::fmt;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::domain::channel::Channel;
use crate::domain::client_network::ClientNetwork;
use crate::domain::contact::Contact;
use crate::domain::registration_details::RegistrationDetails;
use crate::domain::signup::{AttendeeKey, SignupId};
use crate::domain::timestamp::Timestamp;

/// The minimum time between two requests to send the manage link of a registration again.
pub const LINK_RESEND_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// One continuous period during which an attendee is on an event's roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// When the sign-up that began the registration was requested.
    pub since: Timestamp,
    /// The sign-up that began the registration. The manage link of this sign-up gives control over the registration.
    pub owner: SignupId,
    /// The channel of the sign-up that began the registration.
    pub channel: Channel,
    pub contact: Option<Contact>,
    /// Whether the owner of the contact has confirmed this registration: with the link in an opt-in request, or with a
    /// browser that has shown control of the address. A trusted channel confirms the contacts that it gives. `false`
    /// without a contact.
    pub confirmed: bool,
    /// The network of the client that gave the contact, if it is known. `None` without a contact.
    pub network: Option<ClientNetwork>,
    /// Whether notifications about other attendees are turned on.
    pub notify: bool,
    pub details: RegistrationDetails,
    /// When the last request to send the manage link again was made.
    pub link_requested_at: Option<Timestamp>,
}

impl Registration {
    /// Returns whether the registration has this address.
    pub fn uses(&self, address: &Contact) -> bool {
        self.contact.as_ref().is_some_and(|contact| contact.reaches_same_address(address))
    }

    /// Returns whether messages about other attendees are wanted and have somewhere to go.
    pub fn wants_messages(&self) -> bool {
        self.notify && self.contact.is_some()
    }

    /// Returns whether a request to send the manage link again is allowed: the registration has a contact, began before
    /// the request, and at least [`LINK_RESEND_INTERVAL`] has passed since the previous request.
    pub fn may_send_link(&self, requested_at: Timestamp) -> bool {
        let is_due = self.link_requested_at.is_none_or(|last| last <= requested_at.minus(LINK_RESEND_INTERVAL));
        self.contact.is_some() && self.since <= requested_at && is_due
    }
}

/// The first 64 bits of a hash of the sign-up that began a registration. Other publishers may reuse an id, but what they sign up
/// is confirmed anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationTag(u64);

impl RegistrationTag {
    pub fn of(owner: &SignupId) -> Self {
        let hash = Sha256::digest(owner.as_str());
        Self(u64::from_be_bytes(*hash.first_chunk().expect("a SHA-256 hash has 32 bytes")))
    }

    /// Parses what [`Display`](fmt::Display) writes.
    pub fn parse(text: &str) -> Option<Self> {
        u64::from_str_radix(text, 16).ok().map(Self)
    }
}

impl fmt::Display for RegistrationTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Identifies one registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationKey {
    pub attendee: AttendeeKey,
    /// The sign-up that began the registration.
    pub owner: SignupId,
}
