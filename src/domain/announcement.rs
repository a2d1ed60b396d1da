//! What one recipient is told of an event.

use crate::domain::change::Movements;
use crate::domain::event::EventId;

/// Changes of others, worded for nobody yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    pub event: EventId,
    pub title: String,
    /// Display names of who joined, in the order in which they did.
    pub joined: Vec<String>,
    /// Display names of who left.
    pub left: Vec<String>,
    /// How many joined and left beyond those.
    pub others: Movements,
    /// How many are in.
    pub count: u64,
}
