//! Where the state of each event is kept.

use async_trait::async_trait;

use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Unavailable, Write};

/// The digests of events.
#[async_trait]
pub trait Digests: Send + Sync {
    async fn digest(&self, event: &EventId) -> Result<Option<Digest>, Unavailable>;

    /// Stores the digest as its next version, if the stored one is of the version that this one was read as; whether
    /// it was.
    async fn store(&self, digest: &Digest) -> Result<Write, Unavailable>;

    /// At most `limit` events whose digests are due, longest first, and since when.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable>;
}
