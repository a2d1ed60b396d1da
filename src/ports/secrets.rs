//! Reads secrets that only a few requests need.

use async_trait::async_trait;

use crate::domain::secret::Secret;
use crate::ports::Unavailable;

/// Reads secrets that only a few requests need. A Lambda function reads them on
/// first use, which keeps its cold start short.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Returns the key that authorises the organiser.
    async fn organiser_key(&self) -> Result<Secret, Unavailable>;

    /// Returns the secret that contact ids are derived from. `None` if this program does not have it, because it sends no
    /// notifications.
    async fn contact_secret(&self) -> Result<Option<Secret>, Unavailable>;

    /// Returns the previous token secret if the secret was rotated. Links signed with it stay valid.
    async fn previous_token_secret(&self) -> Result<Option<Secret>, Unavailable>;
}
