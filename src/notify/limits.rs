//! Limits on opt-in requests, links sent again, and text messages.

use super::SmsLimits;
use super::budget::{Admission, Budget, Charge, Usage};
use crate::domain::limit::Limit;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Budgets, Unavailable};

/// How often a day the personal link is sent again to one contact, whoever asks for it.
const LINKS_PER_DAY: u64 = 3;

/// The operator's limits.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Opt-in requests per hour, over all contacts.
    pub opt_ins_per_hour: u64,
    /// Without it no text messages are sent.
    pub sms: Option<SmsLimits>,
}

impl Limits {
    fn opt_in_budget(&self, now: Timestamp) -> Budget {
        // The stored name is older than the word.
        Budget::of_hour("confirmations", self.opt_ins_per_hour, now)
    }

    /// Takes one of this hour's opt-in requests.
    pub(super) async fn admit_opt_in(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<Admission, Unavailable> {
        let spending = self.opt_in_budget(now).charge(Charge::One, budgets).await?;
        Ok(Admission::by(spending, Limit::OptIns))
    }

    /// Takes one of this day's links for a contact, by its id.
    pub(super) async fn admit_link(
        &self,
        contact: &str,
        budgets: &dyn Budgets,
        now: Timestamp,
    ) -> Result<Admission, Unavailable> {
        let budget = Budget::of_day(&format!("links {contact}"), LINKS_PER_DAY, now);
        Ok(Admission::by(budget.charge(Charge::One, budgets).await?, Limit::LinksPerDay))
    }

    /// This hour's opt-in requests.
    pub async fn opt_in_usage(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<Usage, Unavailable> {
        self.opt_in_budget(now).usage(budgets).await
    }
}
