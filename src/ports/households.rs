//! Households with an Echo.

use async_trait::async_trait;

use crate::domain::attendee_name::AttendeeName;
use crate::domain::household::UserId;
use crate::ports::Unavailable;

/// The usual name of each household with an Echo.
#[async_trait]
pub trait Households: Send + Sync {
    /// The name in the household's last sign-up.
    async fn usual_name(&self, user: &UserId) -> Result<Option<AttendeeName>, Unavailable>;

    async fn remember(&self, user: &UserId, name: &AttendeeName) -> Result<(), Unavailable>;
}
