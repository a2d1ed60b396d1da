//! The content of a notification about an event, independent of its language and format.

use crate::domain::change::Movements;
use crate::domain::event::EventId;

/// The changes to an event's roster that one notification reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    pub event: EventId,
    pub title: String,
    /// Display names of attendees who joined, in the order in which they joined.
    pub joined: Vec<String>,
    /// Display names of attendees who left, in the order in which they left.
    pub left: Vec<String>,
    /// The numbers of additional attendees who joined and left but are not named.
    pub others: Movements,
    /// The number of attendees on the roster.
    pub count: u64,
}
