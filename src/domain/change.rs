//! One write to an attendee, and which way it moved them.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::domain::attendee::Attendee;
use crate::domain::signup::AttendeeKey;

/// One write to an attendee, as DynamoDB Streams tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub key: AttendeeKey,
    pub old: Option<Attendee>,
    pub new: Option<Attendee>,
}

/// Which way somebody went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Movement {
    Joined,
    Left,
}

impl Change {
    /// Whether somebody is in with a contact that was not known before.
    pub fn brings_a_contact(&self) -> bool {
        let contact = |attendee: &Option<Attendee>| attendee.as_ref()?.registration()?.contact.clone();
        let new = contact(&self.new);
        new.is_some() && new != contact(&self.old)
    }

    /// Whether it is to be answered at the address that comes with it.
    pub fn wants_an_answer(&self) -> bool {
        self.brings_a_contact() || self.asks_for_the_link().is_some()
    }

    /// Who asked for their link by it, if they did.
    pub fn asks_for_the_link(&self) -> Option<&Attendee> {
        let asked_at = |attendee: &Attendee| attendee.registration()?.link_asked_at;
        let new = self.new.as_ref()?;
        (asked_at(new) > self.old.as_ref().and_then(asked_at)).then_some(new)
    }

    /// Who joined or left the roster by it, if somebody did: as they are now, or were last.
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
