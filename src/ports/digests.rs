//! Stores the digest of each event.

use async_trait::async_trait;

use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::event_announcement::EventAnnouncement;
use crate::domain::timestamp::Timestamp;
use crate::ports::{ReadError, Unavailable, Write};

/// An event of which a record is damaged, so that changes are missing from its notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedEvent {
    pub event: EventId,
    pub damaged: DamagedRecord,
    /// What is wrong with the record, for the operator. It contains no names and no contacts.
    pub cause: String,
    pub parked_at: Timestamp,
}

/// The kinds of records that can be damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DamagedRecord {
    /// One change in the change feed. Later changes of the event are processed.
    Change,
    /// The event's digest. Nobody is notified about this event until it is repaired.
    Digest,
}

/// Stores the digests of all events.
#[async_trait]
pub trait Digests: Send + Sync {
    async fn digest(&self, event: &EventId) -> Result<Option<Digest>, ReadError>;

    /// Stores the digest with the version [`Digest::version`] + 1. Returns [`Write::Conflict`] if the stored digest
    /// does not have the version [`Digest::version`].
    async fn store(&self, digest: &Digest) -> Result<Write, Unavailable>;

    /// Stores the digest like [`Digests::store`], and an announcement of its event: both or neither.
    async fn store_announcing(&self, digest: &Digest, announcement: &EventAnnouncement) -> Result<Write, Unavailable>;

    /// Returns at most `limit` events whose digests are due at `now`, each with its due time. The earliest comes first.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable>;

    /// Stores for the operator that an event is parked. If its digest is damaged, the digest is no longer due.
    async fn park(&self, parked: &ParkedEvent) -> Result<(), Unavailable>;

    /// Deletes what is stored for the operator about a parked event.
    async fn unpark(&self, event: &EventId) -> Result<(), Unavailable>;

    /// Stores the digest, whatever is stored. It is for damaged ones.
    async fn replace_digest(&self, digest: &Digest) -> Result<(), Unavailable>;
}
