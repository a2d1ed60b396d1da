//! Requests remembered by their idempotency keys.

use async_trait::async_trait;

use crate::domain::signup::SignupId;
use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// The version of the first request with an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// A hash of the request. The same key with another request is an error.
    pub fingerprint: String,
    pub id: SignupId,
    pub requested_at: Timestamp,
}

/// Remembers requests for 24 hours.
#[async_trait]
pub trait Idempotency: Send + Sync {
    /// Stores `candidate` under `key` unless the key is stored already. Returns the stored value.
    async fn remember(&self, key: String, candidate: Remembered) -> Result<Remembered, Unavailable>;
}
