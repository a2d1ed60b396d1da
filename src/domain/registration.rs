//! One continuous time of an attendee on an event's roster.

use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::signup::{AttendeeKey, SignupId};
use crate::domain::timestamp::Timestamp;

/// How long after a manage link was sent again nobody can have it sent once more.
pub const LINK_AGAIN_AFTER: Duration = Duration::from_secs(60 * 60);

/// One uninterrupted time on the roster, as the sign-up that began it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub since: Timestamp,
    /// The sign-up that began the stay; whoever holds its token owns the stay.
    pub owner: SignupId,
    pub channel: Channel,
    pub contact: Option<Contact>,
    /// Whether the contact is told of others.
    pub notify: bool,
    /// When the link was last asked for again.
    pub link_asked_at: Option<Timestamp>,
}

impl Registration {
    pub fn may_send_link(&self, asked_at: Timestamp) -> bool {
        let is_due = self.link_asked_at.is_none_or(|before| before <= asked_at.minus(LINK_AGAIN_AFTER));
        self.contact.is_some() && self.since <= asked_at && is_due
    }
}

/// One stay of an attendee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationKey {
    pub attendee: AttendeeKey,
    /// The sign-up that began it.
    pub owner: SignupId,
}
