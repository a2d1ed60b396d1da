//! The content of one notification about an event.

use crate::domain::change::Movements;
use crate::domain::event::EventId;

/// The changes of other attendees, before they are worded in a language and a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    pub event: EventId,
    pub title: String,
    /// Display names of attendees who joined, in their order.
    pub joined: Vec<String>,
    /// Display names of attendees who left.
    pub left: Vec<String>,
    /// Counts of further attendees who joined and left.
    pub others: Movements,
    /// Attendees who are in.
    pub count: u64,
}
