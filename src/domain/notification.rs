//! A notification to one recipient.

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::timestamp::Timestamp;

/// An announcement addressed to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Unique for each recipient and announcement, and the same when the
    /// notification is retried. ASCII, at most 200 bytes.
    pub id: String,
    pub to: Recipient,
    /// What the recipient may see of it.
    pub announcement: Announcement,
    /// When the notification was created.
    pub at: Timestamp,
    /// Whether the recipient may have got the notification at an earlier attempt.
    pub is_in_doubt: bool,
}

/// The recipient of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// An attendee on the roster.
    Attendee(Box<Attendee>),
    /// The subscribers who follow all events. They are reached through the broadcaster, if one is configured.
    Everybody,
}
