//! The writes to attendees, in order.

use async_trait::async_trait;

use crate::domain::change::Change;
use crate::ports::Unavailable;

/// A position in a change feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Position {
    /// Before the first change that the feed still has.
    #[default]
    Start,
    /// After a change. Only the feed's backend can read this cursor.
    After(String),
}

impl Position {
    /// The stored cursor; empty at the start.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Start => "",
            Self::After(cursor) => cursor,
        }
    }
}

/// The writes to attendees of the last 24 hours. The writes to one event are in the order in which they were made.
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// At most `limit` changes after a position, each with its own position.
    async fn changes(&self, after: &Position, limit: usize) -> Result<Vec<(Position, Change)>, Unavailable>;
}
