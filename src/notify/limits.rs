//! Limits on opt-in requests, resent manage links and text messages.

use super::SmsLimits;
use super::budget::{Admission, Budget, Charge, Usage};
use crate::domain::limit::Limit;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Budgets, Unavailable};

/// Manage links that are resent to one contact per day. Anyone can request them.
const LINKS_PER_DAY: u64 = 3;

/// The operator's limits.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Opt-in requests per hour, over all contacts.
    pub opt_ins_per_hour: u64,
    /// `None` turns text messages off.
    pub sms: Option<SmsLimits>,
}

impl Limits {
    fn opt_in_budget(&self, now: Timestamp) -> Budget {
        // The stored name is from before opt-in requests were called so.
        Budget::hourly("confirmations", self.opt_ins_per_hour, now)
    }

    /// Charges one opt-in request to the budget of this hour.
    pub(super) async fn admit_opt_in(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<Admission, Unavailable> {
        let spending = self.opt_in_budget(now).charge(Charge::One, budgets).await?;
        Ok(Admission::from_spending(spending, Limit::OptIns))
    }

    /// Charges one resent link to the contact's budget of this day.
    pub(super) async fn admit_link(
        &self,
        contact_id: &str,
        budgets: &dyn Budgets,
        now: Timestamp,
    ) -> Result<Admission, Unavailable> {
        let budget = Budget::daily(&format!("links {contact_id}"), LINKS_PER_DAY, now);
        Ok(Admission::from_spending(budget.charge(Charge::One, budgets).await?, Limit::LinksPerDay))
    }

    /// How much of this hour's limit on opt-in requests is used.
    pub async fn opt_in_usage(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<Usage, Unavailable> {
        self.opt_in_budget(now).usage(budgets).await
    }
}
