//! Messages to one contact that a change of its own registration causes.

use strum::{EnumString, IntoStaticStr};

use crate::domain::change::AttendeeChange;
use crate::domain::registration::RegistrationKey;

/// A message to the contact of a registration. What it says is decided when it is sent, from what is stored by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectMessage {
    pub kind: DirectMessageKind,
    pub registration: RegistrationKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DirectMessageKind {
    /// Asks the owner of a new contact to opt in.
    OptInRequest,
    /// Sends the manage link again, because somebody asked for it.
    ManageLink,
}

impl DirectMessageKind {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl DirectMessage {
    /// Returns the messages that a change causes.
    pub fn after(change: &AttendeeChange) -> Vec<Self> {
        let Some(new) = &change.new else { return Vec::new() };
        let Some(registration) = new.registration() else { return Vec::new() };
        let registration = RegistrationKey { attendee: new.key(), owner: registration.owner.clone() };
        let kinds = [
            change.has_new_contact().then_some(DirectMessageKind::OptInRequest),
            change.link_request().map(|_| DirectMessageKind::ManageLink),
        ];
        kinds.into_iter().flatten().map(|kind| Self { kind, registration: registration.clone() }).collect()
    }
}
