//! Publishes the announcements of all events.

use async_trait::async_trait;

use crate::domain::event::EventId;
use crate::ports::SendError;

/// An announcement for subscribers to all events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// The same at every retry.
    pub id: String,
    pub event: EventId,
    /// `joined`, `left` or `both`.
    pub kind: &'static str,
    /// A CloudEvent 1.0 in its JSON format.
    pub cloud_event: String,
    /// The same as one line of text.
    pub text: String,
}

/// Publishes the announcements of all events.
#[async_trait]
pub trait Broadcaster: Send + Sync {
    async fn broadcast(&self, broadcast: &Broadcast) -> Result<(), SendError>;
}
