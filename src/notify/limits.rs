//! Limits on opt-in requests, resent manage links and text messages.

use super::SmsLimits;
use super::budget::{Admission, Budget, Charge, Usage};
use crate::domain::contact_id::ContactId;
use crate::domain::limit::Limit;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Budgets, Unavailable};

/// Manage links that are resent to one mailbox per day. They need a limit because anyone can request them.
const MAX_LINKS_PER_MAILBOX_PER_DAY: u64 = 3;

/// Requests to confirm further registrations that one mailbox gets per day. They need a limit because anyone can sign its
/// addresses up for any number of events.
const MAX_OPT_INS_PER_MAILBOX_PER_DAY: u64 = 10;

/// The limits that the operator has configured.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Maximum number of opt-in requests per hour, to all contacts together.
    pub opt_ins_per_hour: u64,
    /// The limits on text messages. With `None`, no text messages are sent.
    pub sms: Option<SmsLimits>,
}

impl Limits {
    fn opt_in_budget(&self, now: Timestamp) -> Budget {
        // Opt-in requests were called confirmations before. The name is stored, so it cannot change.
        Budget::hourly("confirmations", self.opt_ins_per_hour, now)
    }

    /// Counts one opt-in request in the budget of this hour.
    pub(super) async fn admit_opt_in(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<Admission, Unavailable> {
        let spending = self.opt_in_budget(now).charge(Charge::One, budgets).await?;
        Ok(Admission::from_spending(spending, Limit::OptIns))
    }

    /// Takes back an opt-in request that was counted at `now` and not sent.
    pub(super) async fn refund_opt_in(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<(), Unavailable> {
        self.opt_in_budget(now).refund(budgets).await
    }

    /// Takes back a request to confirm a further registration that was counted at `now` and not sent.
    pub(super) async fn refund_opt_in_to_mailbox(
        &self,
        mailbox: &ContactId,
        budgets: &dyn Budgets,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        further_opt_in_budget(mailbox, now).refund(budgets).await
    }

    /// Counts a request to confirm a further registration in the mailbox's budget of this day (UTC).
    pub(super) async fn admit_opt_in_to_mailbox(
        &self,
        mailbox: &ContactId,
        charge: Charge,
        budgets: &dyn Budgets,
        now: Timestamp,
    ) -> Result<Admission, Unavailable> {
        let budget = further_opt_in_budget(mailbox, now);
        Ok(Admission::from_spending(budget.charge(charge, budgets).await?, Limit::OptInsToContactPerDay))
    }

    /// Counts one resent link in the mailbox's budget of this day (UTC).
    pub(super) async fn admit_link(
        &self,
        mailbox: &ContactId,
        charge: Charge,
        budgets: &dyn Budgets,
        now: Timestamp,
    ) -> Result<Admission, Unavailable> {
        let budget = link_budget(mailbox, now);
        Ok(Admission::from_spending(budget.charge(charge, budgets).await?, Limit::LinksPerDay))
    }

    /// Takes back a resent link that was counted at `now` and not sent.
    pub(super) async fn refund_link(
        &self,
        mailbox: &ContactId,
        budgets: &dyn Budgets,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        link_budget(mailbox, now).refund(budgets).await
    }

    /// Returns the number of opt-in requests in this hour, and their limit.
    pub async fn opt_in_usage(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<Usage, Unavailable> {
        self.opt_in_budget(now).usage(budgets).await
    }
}

fn further_opt_in_budget(mailbox: &ContactId, now: Timestamp) -> Budget {
    Budget::daily(&format!("opt-ins {}", mailbox.as_str()), MAX_OPT_INS_PER_MAILBOX_PER_DAY, now)
}

fn link_budget(mailbox: &ContactId, now: Timestamp) -> Budget {
    Budget::daily(&format!("links {}", mailbox.as_str()), MAX_LINKS_PER_MAILBOX_PER_DAY, now)
}
