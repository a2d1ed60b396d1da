//! Counts messages against a limit per hour or per day.

use std::time::Duration;

use crate::domain::limit::Limit;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Budgets, Spending, Unavailable};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether a message may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Admission {
    Allowed,
    Suppressed(Limit),
}

/// The number of messages that were counted in the current period, and their limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    pub spent: u64,
    pub limit: u64,
}

/// How many messages to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charge {
    /// Counts no message. Only checks whether the limit is reached.
    Nothing,
    One,
}

/// A counter for one hour or one day. The name contains the period, so each period starts with a new counter.
pub(super) struct Budget {
    name: String,
    limit: u64,
    /// The counter may be deleted after this time.
    ends_at: Timestamp,
}

impl Admission {
    /// Returns `Suppressed` if the budget is exhausted. `limit` names the budget for logs and metrics.
    pub(super) fn from_spending(spending: Spending, limit: Limit) -> Self {
        match spending {
            Spending::Granted => Self::Allowed,
            Spending::Exhausted => Self::Suppressed(limit),
        }
    }
}

impl Budget {
    pub(super) fn daily(name: &str, limit: u64, now: Timestamp) -> Self {
        Self { name: format!("{name} {}", now.date()), limit, ends_at: now.plus(DAY) }
    }

    pub(super) fn hourly(name: &str, limit: u64, now: Timestamp) -> Self {
        Self { name: format!("{name} {}", now.as_seconds() / 3_600), limit, ends_at: now.plus(HOUR) }
    }

    pub(super) async fn charge(self, charge: Charge, budgets: &dyn Budgets) -> Result<Spending, Unavailable> {
        match charge {
            Charge::One => budgets.spend(&self.name, self.limit, self.ends_at).await,
            Charge::Nothing => {
                let usage = self.usage(budgets).await?;
                Ok(if usage.spent < usage.limit { Spending::Granted } else { Spending::Exhausted })
            }
        }
    }

    /// Takes back one message that was counted and not sent.
    pub(super) async fn refund(self, budgets: &dyn Budgets) -> Result<(), Unavailable> {
        budgets.refund(&self.name).await
    }

    pub(super) async fn usage(self, budgets: &dyn Budgets) -> Result<Usage, Unavailable> {
        Ok(Usage { spent: budgets.spent(&self.name).await?, limit: self.limit })
    }
}
