//! Counters with a limit.

use async_trait::async_trait;

use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// The answer of a budget.
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
    /// Spends one of the `limit` of a budget, which is deleted at `ends_at`.
    async fn spend(&self, budget: &str, limit: u64, ends_at: Timestamp) -> Result<Spending, Unavailable>;

    /// How much of a budget is spent.
    async fn spent(&self, budget: &str) -> Result<u64, Unavailable>;
}
