//! Registrations: the continuous times of attendees on an event's roster.

use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::signup::{AttendeeKey, SignupId};
use crate::domain::timestamp::Timestamp;

/// The least time between two requests to send the same manage link again.
pub const LINK_RESEND_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// One continuous time of an attendee on an event's roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub since: Timestamp,
    /// The sign-up that began the registration. Its manage link gives control over the registration.
    pub owner: SignupId,
    pub channel: Channel,
    pub contact: Option<Contact>,
    /// Whether the contact gets notifications about other attendees.
    pub notify: bool,
    /// When the link was last requested again.
    pub link_requested_at: Option<Timestamp>,
}

impl Registration {
    /// Whether the link may be sent again: there is a contact, and [`LINK_RESEND_INTERVAL`] has passed.
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
