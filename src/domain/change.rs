//! A change: one write to a stored attendee or to the details of an event.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::domain::attendee::Attendee;
use crate::domain::contact::Contact;
use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::signup::AttendeeKey;

/// One write, as the change feed reports it.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Attendee(AttendeeChange),
    Details(DetailsChange),
}

/// One write to the details of an event, with the details before and after the write.
#[derive(Debug, Clone, PartialEq)]
pub struct DetailsChange {
    pub event: EventId,
    /// `None` if the event had no details.
    pub old: Option<EventDetails>,
    /// `None` if the details were deleted.
    pub new: Option<EventDetails>,
}

/// One write to a stored attendee, with the attendee before and after the write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttendeeChange {
    pub key: AttendeeKey,
    /// `None` if the attendee was created.
    pub old: Option<Attendee>,
    /// `None` if the attendee was deleted.
    pub new: Option<Attendee>,
}

/// Whether a change put an attendee on the roster or took them off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Movement {
    Joined,
    Left,
}

/// Whether a change began or ended that an attendee is on the roster and
/// [wants messages](crate::domain::registration::Registration::wants_messages).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionChange {
    Began,
    Ended,
}

impl Change {
    pub fn event(&self) -> &EventId {
        match self {
            Self::Attendee(change) => &change.key.event,
            Self::Details(change) => &change.event,
        }
    }

    /// Returns the change if it is one of an attendee.
    pub fn attendee(&self) -> Option<&AttendeeChange> {
        match self {
            Self::Attendee(change) => Some(change),
            Self::Details(_) => None,
        }
    }
}

impl AttendeeChange {
    /// Returns whether the attendee is on the roster with a contact that they did not have before the change.
    pub fn has_new_contact(&self) -> bool {
        let contact = |attendee: &Option<Attendee>| attendee.as_ref()?.registration()?.contact.clone();
        let new = contact(&self.new);
        new.is_some() && new != contact(&self.old)
    }

    /// Returns whether the attendee began or ceased to want messages with this change. Returns `None` if neither.
    pub fn subscription(&self) -> Option<SubscriptionChange> {
        let wants_messages = |attendee: &Option<Attendee>| attendee.as_ref().is_some_and(Attendee::wants_messages);
        match (wants_messages(&self.old), wants_messages(&self.new)) {
            (false, true) => Some(SubscriptionChange::Began),
            (true, false) => Some(SubscriptionChange::Ended),
            (false, false) | (true, true) => None,
        }
    }

    /// Returns the attendee's contact after the change, or before it if the attendee left.
    pub fn contact(&self) -> Option<&Contact> {
        let images = [&self.new, &self.old].into_iter().flatten();
        images.filter_map(Attendee::registration).next()?.contact.as_ref()
    }

    /// Returns whether the change requires a message to the attendee's own
    /// contact: an opt-in request or the manage link.
    pub fn needs_reply(&self) -> bool {
        self.has_new_contact() || self.link_request().is_some()
    }

    /// Returns the attendee if this change is a request to send their manage link again.
    pub fn link_request(&self) -> Option<&Attendee> {
        let requested_at = |attendee: &Attendee| attendee.registration()?.link_requested_at;
        let new = self.new.as_ref()?;
        (requested_at(new) > self.old.as_ref().and_then(requested_at)).then_some(new)
    }

    /// Returns whether the attendee joined or left, and the attendee as last stored. Returns `None` if the attendee did
    /// neither.
    pub fn movement(&self) -> Option<(Movement, &Attendee)> {
        let is_on_roster = |attendee: &&Attendee| attendee.registration().is_some();
        match (self.old.as_ref().filter(is_on_roster), &self.new) {
            (None, Some(new)) if new.registration().is_some() => Some((Movement::Joined, new)),
            (Some(_), Some(new)) if new.registration().is_none() => Some((Movement::Left, new)),
            (Some(old), None) => Some((Movement::Left, old)),
            _ => None,
        }
    }
}

/// The numbers of attendees who joined and left.
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

    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attendee::apply_all;
    use crate::domain::attendee_name::AttendeeName;
    use crate::domain::channel::Channel;
    use crate::domain::contact::Contact;
    use crate::domain::event::Event;
    use crate::domain::signup::{Request, Signup, SignupId, Version};
    use crate::domain::timestamp::Timestamp;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(1_795_431_600_000 + minute * 60_000).unwrap()
    }

    /// Ana after these requests, one a minute.
    fn ana(requests: &[Request]) -> Option<Attendee> {
        let signups: Vec<Signup> = (0..)
            .zip(requests)
            .map(|(minute, request)| Signup {
                version: Version { requested_at: at(minute), id: SignupId::parse(&format!("id-{minute}")).unwrap() },
                event: Event::parse("Dance").unwrap(),
                name: AttendeeName::parse("Ana").unwrap(),
                channel: Channel::Queue,
                network: None,
                request: request.clone(),
            })
            .collect();
        apply_all(None, &signups, at(0)).0
    }

    fn joins_with(address: &str) -> Request {
        Request::trusted_sign_up(Some(Contact::email(address).unwrap()))
    }

    fn change(old: &[Request], new: &[Request]) -> AttendeeChange {
        let (old, new) = (ana(old), ana(new));
        AttendeeChange { key: old.as_ref().or(new.as_ref()).unwrap().key(), old, new }
    }

    #[test]
    fn contact_is_new_once() {
        let joined = [joins_with("ana@example.org")];
        assert!(change(&[], &joined).has_new_contact());
        let again = [joined[0].clone(), Request::trusted_sign_up(None)];
        assert!(!change(&joined, &again).has_new_contact(), "it is the same");
        let changed = [joined[0].clone(), joins_with("ana@example.com")];
        assert!(change(&joined, &changed).has_new_contact());
        assert!(!change(&[], &[Request::trusted_sign_up(None)]).has_new_contact(), "there is none");
        let left = [joined[0].clone(), Request::Cancel];
        assert!(!change(&joined, &left).has_new_contact());
        assert!(!change(&left, &[]).has_new_contact(), "she was removed");
    }

    #[test]
    fn request_for_the_link_is_noticed_once() {
        let joined = [joins_with("ana@example.org")];
        let asked = [joined[0].clone(), Request::SendLink];
        let request = change(&joined, &asked);
        assert_eq!(request.link_request(), ana(&asked).as_ref());
        assert!(request.needs_reply() && !request.has_new_contact());
        let later = [&asked[..], &[Request::trusted_sign_up(None)]].concat();
        assert_eq!(change(&asked, &later).link_request(), None);
        assert!(!change(&asked, &later).needs_reply());
        assert!(change(&[], &joined).needs_reply() && change(&[], &joined).link_request().is_none());
        // A contact that is new may come together with the request.
        assert!(change(&[], &asked).needs_reply() && change(&[], &asked).link_request().is_some());
    }

    #[test]
    fn subscription_begins_and_ends_with_contact_and_notifications() {
        use SubscriptionChange::{Began, Ended};
        let joined = [joins_with("ana@example.org")];
        let registration = SignupId::parse("id-0").unwrap();
        let turned_off = Request::SetNotifications { registration: registration.clone(), on: false };
        let off = [joined[0].clone(), turned_off];
        let without_contact = Request::SetContact { registration, contact: None, confirmed: false };
        let unreachable = [joined[0].clone(), without_contact];
        let left = [joined[0].clone(), Request::Cancel];
        for without in [&off[..], &unreachable, &left, &[]] {
            assert_eq!(change(&joined, without).subscription(), Some(Ended));
            assert_eq!(change(without, &joined).subscription(), Some(Began));
        }
        assert_eq!(change(&joined, &[joined[0].clone(), joins_with("ana@example.com")]).subscription(), None);
        assert_eq!(change(&off, &left).subscription(), None);
        assert_eq!(change(&[], &[Request::trusted_sign_up(None)]).subscription(), None);
    }

    #[test]
    fn movement_is_joining_or_leaving() {
        let joined = [Request::trusted_sign_up(None)];
        let left = [joined[0].clone(), Request::Cancel];
        let movement = |change: &AttendeeChange| change.movement().map(|(movement, _)| movement);
        assert_eq!(movement(&change(&[], &joined)), Some(Movement::Joined));
        assert_eq!(movement(&change(&joined, &left)), Some(Movement::Left));
        assert_eq!(movement(&change(&joined, &[])), Some(Movement::Left));
        assert_eq!(movement(&change(&left, &[])), None, "a tombstone expires");
        assert_eq!(movement(&change(&joined, &[joined[0].clone(), joins_with("ana@example.org")])), None);
        let mut movements = Movements::default();
        assert!(movements.is_empty());
        movements.add(Movement::Left);
        assert!(!movements.is_empty());
        assert_eq!(Change::Attendee(change(&[], &joined)).attendee(), Some(&change(&[], &joined)));
    }
}
