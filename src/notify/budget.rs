//! Counts messages against limits per hour or per day.

use std::time::Duration;

use crate::domain::limit::Limit;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Budgets, Spending, Unavailable};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a message was not counted, so that it must not be sent now.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum NotCharged {
    #[error("the limit `{}` is reached", .0.as_str())]
    LimitReached(Limit),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The number of messages that were counted in the current period, and their limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    pub spent: u64,
    pub limit: u64,
}

/// A counter for one hour or one day. The name contains the period, so each period starts with a new counter.
#[derive(Debug)]
pub(super) struct Budget {
    name: String,
    limit: u64,
    /// The counter may be deleted after this time.
    ends_at: Timestamp,
}

/// The budgets in which one message was counted.
pub(super) struct Charges<'a> {
    budgets: &'a dyn Budgets,
    charged: Vec<Budget>,
}

impl Budget {
    /// A budget for a day (UTC).
    pub(super) fn daily(name: &str, limit: u64, now: Timestamp) -> Self {
        Self { name: format!("{name} {}", now.date()), limit, ends_at: now.plus(DAY) }
    }

    pub(super) fn hourly(name: &str, limit: u64, now: Timestamp) -> Self {
        Self { name: format!("{name} {}", now.as_seconds() / 3_600), limit, ends_at: now.plus(HOUR) }
    }

    /// The same budget with another limit.
    pub(super) fn up_to(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// The same budget without a limit. It only counts.
    pub(super) fn unlimited(self) -> Self {
        self.up_to(u64::MAX)
    }

    pub(super) async fn usage(&self, budgets: &dyn Budgets) -> Result<Usage, Unavailable> {
        Ok(Usage { spent: budgets.spent(&self.name).await?, limit: self.limit })
    }
}

impl<'a> Charges<'a> {
    pub(super) fn new(budgets: &'a dyn Budgets) -> Self {
        Self { budgets, charged: Vec::new() }
    }

    /// Counts the message in a budget too. `limit` names it for logs and metrics.
    pub(super) async fn charge(&mut self, budget: Budget, limit: Limit) -> Result<(), NotCharged> {
        match self.budgets.spend(&budget.name, budget.limit, budget.ends_at).await? {
            Spending::Granted => self.charged.push(budget),
            Spending::Exhausted => return Err(NotCharged::LimitReached(limit)),
        }
        Ok(())
    }

    /// Returns these charges if the message was counted in all budgets. Otherwise takes them back.
    pub(super) async fn if_all(self, charged: Result<(), NotCharged>) -> Result<Self, NotCharged> {
        match charged {
            Ok(()) => Ok(self),
            Err(not_charged) => {
                self.refund().await;
                Err(not_charged)
            }
        }
    }

    /// Takes the message back from all budgets, because it was not sent. A failure leaves it counted in some of them.
    pub(super) async fn refund(self) {
        for budget in self.charged {
            if let Err(unavailable) = self.budgets.refund(&budget.name).await {
                tracing::warn!(%unavailable, "a message that was not sent stays counted in a limit");
            }
        }
    }
}
