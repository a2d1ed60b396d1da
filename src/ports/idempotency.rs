//! Answers remembered by their idempotency keys.

use async_trait::async_trait;

use crate::domain::signup::SignupId;
use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// What the first request with an `Idempotency-Key` was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Tells what the request asked, to refuse another one under the same key.
    pub fingerprint: String,
    pub id: SignupId,
    pub requested_at: Timestamp,
}

/// Remembers answers for 24 hours.
#[async_trait]
pub trait Idempotency: Send + Sync {
    /// What is remembered under `key`: `candidate`, unless somebody came before.
    async fn remember(&self, key: String, candidate: Remembered) -> Result<Remembered, Unavailable>;
}
