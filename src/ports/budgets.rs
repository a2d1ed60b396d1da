//! Counters with a limit.

use async_trait::async_trait;

use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// The result of spending from a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Spending {
    Granted,
    /// The limit is reached. Nothing was spent.
    Exhausted,
}

/// Counters with a limit, each for a period.
#[async_trait]
pub trait Budgets: Send + Sync {
    /// Adds one to a budget's counter unless it has reached `limit`. The counter is deleted at `ends_at`.
    async fn spend(&self, budget: &str, limit: u64, ends_at: Timestamp) -> Result<Spending, Unavailable>;

    /// The counter of a budget.
    async fn spent(&self, budget: &str) -> Result<u64, Unavailable>;
}
