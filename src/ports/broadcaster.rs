//! The port that publishes the announcements of all events.

use async_trait::async_trait;

use crate::domain::event::EventId;
use crate::ports::SendError;

/// An announcement for subscribers who follow all events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// Stays the same when the broadcast is retried.
    pub id: String,
    pub event: EventId,
    /// `joined`, `left` or `both`.
    pub kind: &'static str,
    /// A CloudEvent 1.0 in its JSON format.
    pub cloud_event: String,
    /// The announcement as one line of text.
    pub text: String,
}

/// Publishes the announcements of all events.
#[async_trait]
pub trait Broadcaster: Send + Sync {
    async fn broadcast(&self, broadcast: &Broadcast) -> Result<(), SendError>;
}
