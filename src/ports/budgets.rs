//! Counters with a limit.

use async_trait::async_trait;

use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// How much of something may be done.
#[async_trait]
pub trait Budgets: Send + Sync {
    /// Takes one of `limit` of a budget, which is forgotten at `ends_at`; whether one was left.
    async fn spend(&self, budget: &str, limit: u64, ends_at: Timestamp) -> Result<bool, Unavailable>;

    /// How much of a budget is spent.
    async fn spent(&self, budget: &str) -> Result<u64, Unavailable>;
}
