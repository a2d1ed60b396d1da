//! Secrets that are read when they are needed.

use async_trait::async_trait;

use crate::domain::secret::Secret;
use crate::ports::Unavailable;

/// The stage's secrets that few requests need, so that a home may wait with reading them.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// What opens everything.
    async fn organiser_key(&self) -> Result<Secret, Unavailable>;

    /// What signed manage links before the token secret of today, if anything did: a change of secrets spares the
    /// links that are out.
    async fn previous_token_secret(&self) -> Result<Option<Secret>, Unavailable>;
}
