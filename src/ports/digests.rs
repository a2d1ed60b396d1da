//! Stores the digest of each event.

use async_trait::async_trait;

use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Unavailable, Write};

/// Stores the digests of all events.
#[async_trait]
pub trait Digests: Send + Sync {
    async fn digest(&self, event: &EventId) -> Result<Option<Digest>, Unavailable>;

    /// Stores the digest with the version [`Digest::version`] + 1. Returns [`Write::Conflict`] if the stored digest
    /// does not have the version [`Digest::version`].
    async fn store(&self, digest: &Digest) -> Result<Write, Unavailable>;

    /// Returns at most `limit` events whose digests are due at `now`, each with its due time. The earliest comes first.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable>;
}
