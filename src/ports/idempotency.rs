//! Idempotency: the first request with a key is stored, so that repeats of it can be recognised.

use async_trait::async_trait;

use crate::domain::signup::SignupId;
use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// The first request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// Identifies the content of the request, for example by a hash. A request with the same
    /// key but another fingerprint is not a repeat.
    pub fingerprint: String,
    pub id: SignupId,
    pub requested_at: Timestamp,
}

/// Stores requests for 24 hours under their idempotency keys.
#[async_trait]
pub trait Idempotency: Send + Sync {
    /// Stores `candidate` under `key` unless a request is already stored under this key. Returns the stored request.
    async fn remember(&self, key: String, candidate: IdempotentRequest) -> Result<IdempotentRequest, Unavailable>;

    /// Returns the request that is stored under `key`.
    async fn recall(&self, key: String) -> Result<Option<IdempotentRequest>, Unavailable>;
}
