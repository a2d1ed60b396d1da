//! Publishes announcements for whoever follows all events.

use async_trait::async_trait;

use crate::domain::event::EventId;
use crate::ports::SendError;

/// An event's news for whoever listens to a stage as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// The same if it is sent again.
    pub id: String,
    pub event: EventId,
    /// `joined`, `left` or `both`.
    pub kind: &'static str,
    /// A CloudEvent 1.0 in its JSON format.
    pub cloud_event: String,
    /// For people: one line, and the same with more room.
    pub text: String,
}

#[async_trait]
pub trait Broadcaster: Send + Sync {
    async fn broadcast(&self, broadcast: &Broadcast) -> Result<(), SendError>;
}
