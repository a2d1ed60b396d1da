//! The digest of each event.

use async_trait::async_trait;

use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Unavailable, Write};

/// The digests of all events.
#[async_trait]
pub trait Digests: Send + Sync {
    async fn digest(&self, event: &EventId) -> Result<Option<Digest>, Unavailable>;

    /// Stores the digest as its next version. It is a conflict if the stored digest has another version than
    /// [`Digest::version`].
    async fn store(&self, digest: &Digest) -> Result<Write, Unavailable>;

    /// At most `limit` events with due digests, and when each was due, in the order of that time.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable>;
}
