//! What goes out to one recipient.

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::timestamp::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The same if it goes out again, another one for any other recipient or news; at most 200 bytes of ASCII.
    pub id: String,
    pub to: Recipient,
    pub announcement: Announcement,
    /// When it was worded.
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// Somebody who is in.
    Attendee(Box<Attendee>),
    /// Whoever listens to the stage as a whole, where the home has a way for that.
    Everybody,
}
