//! Households with an Echo.

use async_trait::async_trait;

use crate::domain::attendee_name::AttendeeName;
use crate::domain::household::UserId;
use crate::ports::Unavailable;

/// What households with an Echo usually say.
#[async_trait]
pub trait Households: Send + Sync {
    /// The name under which a household signed somebody up last.
    async fn usual_name(&self, user: &UserId) -> Result<Option<AttendeeName>, Unavailable>;

    async fn remember(&self, user: &UserId, name: &AttendeeName) -> Result<(), Unavailable>;
}
