//! Counters with a limit.

use async_trait::async_trait;

use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// What a budget answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Spending {
    Granted,
    /// The limit is reached; nothing was taken.
    Exhausted,
}

/// Counters with a limit, each for a period.
#[async_trait]
pub trait Budgets: Send + Sync {
    /// Takes one of `limit` of a budget, which is forgotten at `ends_at`.
    async fn spend(&self, budget: &str, limit: u64, ends_at: Timestamp) -> Result<Spending, Unavailable>;

    /// How much of a budget is spent.
    async fn spent(&self, budget: &str) -> Result<u64, Unavailable>;
}
