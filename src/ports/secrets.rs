//! Secrets that few requests need.

use async_trait::async_trait;

use crate::domain::secret::Secret;
use crate::ports::Unavailable;

/// Secrets that few requests need, so that a function may read them late.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The key that authorises the organiser.
    async fn organiser_key(&self) -> Result<Secret, Unavailable>;

    /// The token secret before the present one, if it was rotated. Links signed with it keep working.
    async fn previous_token_secret(&self) -> Result<Option<Secret>, Unavailable>;
}
