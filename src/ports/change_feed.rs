//! The change feed: every write to an attendee or to the details of an event, in order.

use async_trait::async_trait;

use crate::domain::change::Change;
use crate::domain::event::EventId;
use crate::ports::Unavailable;

/// A position in a change feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Position {
    /// Before the oldest change in the feed.
    #[default]
    Start,
    /// After the change with this cursor. The cursor is opaque: only the storage
    /// backend that created it can interpret it.
    After(String),
}

impl Position {
    /// Returns the cursor, or an empty string for [`Position::Start`].
    pub fn as_str(&self) -> &str {
        match self {
            Self::Start => "",
            Self::After(cursor) => cursor,
        }
    }
}

/// A change that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a change is damaged: {cause}")]
pub struct DamagedChange {
    pub event: EventId,
    /// What is wrong with it. It contains no names and no contacts.
    pub cause: String,
}

/// The writes to attendees and to the details of events in the last 24 hours. Writes to the same event are
/// returned in the order in which they were made.
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// Returns at most `limit` changes after the position `after`, each with its own position.
    async fn changes(
        &self,
        after: &Position,
        limit: usize,
    ) -> Result<Vec<(Position, Result<Change, DamagedChange>)>, Unavailable>;
}
