//! A notification to one recipient.

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::timestamp::Timestamp;

/// An announcement for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The same at every retry, and different for every other recipient or announcement; at most 200 bytes of ASCII.
    pub id: String,
    pub to: Recipient,
    pub announcement: Announcement,
    /// When it was created.
    pub at: Timestamp,
}

/// The recipient of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// An attendee who is in.
    Attendee(Box<Attendee>),
    /// The subscribers to all events, if a broadcaster is configured.
    Everybody,
}
