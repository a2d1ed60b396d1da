//! Secrets that only a few requests need.

use async_trait::async_trait;

use crate::domain::secret::Secret;
use crate::ports::Unavailable;

/// Secrets that only a few requests need. A Lambda function reads them on first use.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The key that authorises the organiser.
    async fn organiser_key(&self) -> Result<Secret, Unavailable>;

    /// The previous token secret, if the secret was rotated. Links that it signed keep working.
    async fn previous_token_secret(&self) -> Result<Option<Secret>, Unavailable>;
}
