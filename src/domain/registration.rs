//! A registration: one continuous period during which an attendee is on an event's roster.

use std::time::Duration;

use crate::domain::channel::Channel;
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

/// Identifies one registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationKey {
    pub attendee: AttendeeKey,
    /// The sign-up that began the registration.
    pub owner: SignupId,
}
