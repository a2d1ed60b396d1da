//! The writes to attendees, in order.

use async_trait::async_trait;

use crate::domain::change::Change;
use crate::ports::Unavailable;

/// A cursor in a change feed. Only its backend understands it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Position(String);

impl Position {
    /// Before the first change that is kept.
    pub const START: Self = Self(String::new());

    pub fn new(position: String) -> Self {
        Self(position)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The writes to attendees of the last 24 hours. The writes to one event are in the order in which they were made.
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// At most `limit` changes after a position, each with its own position.
    async fn changes(&self, after: &Position, limit: usize) -> Result<Vec<(Position, Change)>, Unavailable>;
}
