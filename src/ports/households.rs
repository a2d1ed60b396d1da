//! Stores the usual name of each household that uses the Alexa skill.

use async_trait::async_trait;

use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::household::HouseholdId;
use crate::ports::Unavailable;

/// Stores the usual name of each household that uses the Alexa skill.
#[async_trait]
pub trait Households: Send + Sync {
    /// Returns the name in the household's last sign-up, which the skill proposes for the next one.
    async fn usual_name(&self, household: &HouseholdId) -> Result<Option<AttendeeName>, Unavailable>;

    /// Stores `name` as the usual name of the household.
    async fn remember(&self, household: &HouseholdId, name: &AttendeeName) -> Result<(), Unavailable>;

    /// Returns at most `limit` households after `after` that have this usual name, sorted by their ids.
    async fn with_usual_name(
        &self,
        name: &NameKey,
        limit: usize,
        after: Option<&HouseholdId>,
    ) -> Result<Vec<(HouseholdId, AttendeeName)>, Unavailable>;
}
