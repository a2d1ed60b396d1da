//! Budgets: counters that limit how often something may happen in a period, such as text messages per day.

use async_trait::async_trait;

use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// The result of spending from a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Spending {
    Granted,
    /// The counter has reached the limit and was not changed.
    Exhausted,
}

/// Named counters with a limit. Each is valid for one period.
#[async_trait]
pub trait Budgets: Send + Sync {
    /// Adds 1 to the counter of `budget` unless the counter has reached `limit`. The counter is
    /// deleted at `ends_at`, the end of its period.
    async fn spend(&self, budget: &str, limit: u64, ends_at: Timestamp) -> Result<Spending, Unavailable>;

    /// Takes 1 back from the counter of `budget`, because what it was spent for did not happen. Does nothing if the counter is
    /// 0. If the response is lost, the counter may stay as it is.
    async fn refund(&self, budget: &str) -> Result<(), Unavailable>;

    /// Returns the current value of the counter of `budget`.
    async fn spent(&self, budget: &str) -> Result<u64, Unavailable>;
}
