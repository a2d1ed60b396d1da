//! Messages to one contact that wait in the outbox. What they say is decided when they are sent, from what is stored by then.

use strum::{EnumString, IntoStaticStr};

use crate::domain::attendee_name::NameKey;
use crate::domain::change::AttendeeChange;
use crate::domain::event::EventId;
use crate::domain::registration::RegistrationKey;
use crate::domain::seat::SeatChange;
use crate::domain::timestamp::Timestamp;

/// A message in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxMessage {
    /// Asks the owner of a new contact to opt in.
    OptInRequest(RegistrationKey),
    /// Sends the manage link again, because somebody asked for it.
    ManageLink(RegistrationKey),
    /// Tells a contact that its registration is on the waiting list, or has a place.
    SeatNews(RegistrationKey),
    Digest(DigestDelivery),
}

/// Tells one contact what an event has announced since the contact was told last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestDelivery {
    pub event: EventId,
    /// The [announcement](crate::domain::event_announcement::EventAnnouncement::at) that is the reason for the message.
    pub announced_at: Timestamp,
    /// From when on the recipients are owed what an earlier version of the program announced. It had no watermarks.
    pub owed_since: Timestamp,
    pub to: DigestRecipient,
}

/// Who gets a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigestRecipient {
    /// The attendees who had the same mailbox or number when the event announced it: at least one. They get one copy.
    Attendees(Vec<NameKey>),
    /// The subscribers who follow all events. They are reached through the broadcaster.
    Everybody,
}

/// The kinds of messages in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum MessageKind {
    OptInRequest,
    ManageLink,
    SeatNews,
    Digest,
}

impl MessageKind {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl OutboxMessage {
    /// Returns the messages to the contact of a registration that a change of it causes.
    pub fn after(change: &AttendeeChange) -> Vec<Self> {
        let Some(new) = &change.new else { return Vec::new() };
        let Some(registration) = new.registration() else { return Vec::new() };
        let registration = RegistrationKey { attendee: new.key(), owner: registration.owner.clone() };
        let mut messages = Vec::new();
        if change.has_new_contact() {
            messages.push(Self::OptInRequest(registration.clone()));
        }
        if change.link_request().is_some() {
            messages.push(Self::ManageLink(registration));
        }
        messages
    }

    /// Returns the message to the contact of a registration that a change of its seat causes.
    pub fn after_seat(change: &SeatChange) -> Option<Self> {
        change.news().map(|seat| Self::SeatNews(seat.registration()))
    }

    pub fn kind(&self) -> MessageKind {
        match self {
            Self::OptInRequest(_) => MessageKind::OptInRequest,
            Self::ManageLink(_) => MessageKind::ManageLink,
            Self::SeatNews(_) => MessageKind::SeatNews,
            Self::Digest(_) => MessageKind::Digest,
        }
    }

    pub fn event(&self) -> &EventId {
        match self {
            Self::OptInRequest(registration) | Self::ManageLink(registration) | Self::SeatNews(registration) => {
                &registration.attendee.event
            }
            Self::Digest(delivery) => &delivery.event,
        }
    }

    /// Returns the attendee whose contact gets the message: the first of several. `None` for everybody who follows all
    /// events.
    pub fn attendee(&self) -> Option<&NameKey> {
        match self {
            Self::OptInRequest(registration) | Self::ManageLink(registration) | Self::SeatNews(registration) => {
                Some(&registration.attendee.name)
            }
            Self::Digest(DigestDelivery { to: DigestRecipient::Attendees(names), .. }) => names.first(),
            Self::Digest(DigestDelivery { to: DigestRecipient::Everybody, .. }) => None,
        }
    }
}
