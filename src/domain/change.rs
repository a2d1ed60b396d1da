//! A change: one write to an attendee.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::domain::attendee::Attendee;
use crate::domain::signup::AttendeeKey;

/// One write to an attendee, with the attendee before and after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub key: AttendeeKey,
    pub old: Option<Attendee>,
    pub new: Option<Attendee>,
}

/// How a change moved an attendee on or off the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Movement {
    Joined,
    Left,
}

impl Change {
    /// Whether the attendee is in with a contact that they did not have before.
    pub fn has_new_contact(&self) -> bool {
        let contact = |attendee: &Option<Attendee>| attendee.as_ref()?.registration()?.contact.clone();
        let new = contact(&self.new);
        new.is_some() && new != contact(&self.old)
    }

    /// Whether the attendee's contact gets its own message: an opt-in request or the manage link.
    pub fn needs_reply(&self) -> bool {
        self.has_new_contact() || self.link_request().is_some()
    }

    /// The attendee whose manage link this change requests again; none if it requests none.
    pub fn link_request(&self) -> Option<&Attendee> {
        let requested_at = |attendee: &Attendee| attendee.registration()?.link_requested_at;
        let new = self.new.as_ref()?;
        (requested_at(new) > self.old.as_ref().and_then(requested_at)).then_some(new)
    }

    /// The movement of this change with the attendee as last stored; none if the attendee neither joined nor left.
    pub fn movement(&self) -> Option<(Movement, &Attendee)> {
        let is_in = |attendee: &&Attendee| attendee.registration().is_some();
        match (self.old.as_ref().filter(is_in), &self.new) {
            (None, Some(new)) if new.registration().is_some() => Some((Movement::Joined, new)),
            (Some(_), Some(new)) if new.registration().is_none() => Some((Movement::Left, new)),
            (Some(old), None) => Some((Movement::Left, old)),
            _ => None,
        }
    }
}

/// Counts of attendees who joined and left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Movements {
    pub joined: u64,
    pub left: u64,
}

impl Movements {
    pub fn add(&mut self, movement: Movement) {
        match movement {
            Movement::Joined => self.joined += 1,
            Movement::Left => self.left += 1,
        }
    }

    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}
