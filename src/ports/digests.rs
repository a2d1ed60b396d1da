//! Where the state of each event is kept.

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

    /// At most `limit` events whose digests are due, and since when. The longest due comes first.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable>;
}
