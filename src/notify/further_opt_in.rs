//! Asks the owner of a contact about a further registration, after they have confirmed another one.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::NotificationSender;
use super::addressee::Addressee;
use super::budget::{Charges, NotCharged};
use super::opt_in::{Ask, Attempt, Permission, only_this_recipient, refund_opt_in};
use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::OptIn;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Budgets, SendError, Spending, Unavailable};

/// Separates these hashes from other uses of the same secret.
const PURPOSE: &str = "opt-in claim";

/// How long a claim is stored: longer than any registration lasts.
const CLAIM_DURATION: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// The claim to send the opt-in request about one registration to one contact. It is granted once, and again each time
/// that the request certainly did not arrive.
pub(super) struct Claim {
    /// The number of granted claims.
    granted: String,
    /// The number of requests that certainly did not arrive. It never exceeds `granted`, although a storage backend may
    /// count one failure twice if its response was lost.
    failed: String,
}

impl Claim {
    async fn is_free(&self, budgets: &dyn Budgets) -> Result<bool, Unavailable> {
        Ok(budgets.spent(&self.granted).await? <= budgets.spent(&self.failed).await?)
    }

    /// A claim whose response was lost may count as granted to another task. Then the request is not sent, which is better
    /// than sending it twice.
    pub(super) async fn take(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<Spending, Unavailable> {
        let failed = budgets.spent(&self.failed).await?;
        budgets.spend(&self.granted, failed + 1, now.plus(CLAIM_DURATION)).await
    }

    /// Gives back a granted claim, because the request certainly did not arrive.
    pub(super) async fn release(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<(), Unavailable> {
        let granted = budgets.spent(&self.granted).await?;
        let _ = budgets.spend(&self.failed, granted, now.plus(CLAIM_DURATION)).await?;
        Ok(())
    }
}

impl NotificationSender {
    /// Returns the claim of a registration. Its names reveal neither the contact nor the registration.
    pub(super) fn opt_in_claim(&self, to: &Addressee<'_>, contact: &ContactId) -> Claim {
        let key = to.attendee.key();
        let parts = [key.event.as_str(), key.name.as_str(), to.registration.owner.as_str(), contact.as_str()];
        let tag = self.contact_secret.tag(PURPOSE, &parts.map(str::as_bytes));
        let id = URL_SAFE_NO_PAD.encode(&tag[..16]);
        Claim { granted: format!("opt-in {id}"), failed: format!("failed opt-in {id}") }
    }

    /// Sends the opt-in request about a registration, unless it was sent before or a limit suppresses it. `stored` is the
    /// contact's opt-in.
    pub(super) async fn request_further_opt_in(
        &self,
        to: &Addressee<'_>,
        contact: &ContactId,
        stored: Option<OptIn>,
        Attempt { now, unresolved_since }: Attempt,
    ) -> Result<Permission, SendError> {
        let budgets = &*self.budgets;
        let claim = self.opt_in_claim(to, contact);
        if unresolved_since.is_some() {
            claim.release(budgets, now).await?;
        }
        if !claim.is_free(budgets).await? {
            return Ok(Permission::Denied);
        }
        let charges = match self.charge_further_opt_in(to, now).await {
            Ok(charges) => charges,
            // The claim stays free, so that the request can be sent later.
            Err(not_charged) => return self.request_not_charged(not_charged),
        };
        if claim.take(budgets, now).await? == Spending::Exhausted {
            charges.refund().await;
            return Ok(Permission::Denied);
        }
        match self.send_opt_in_request(to, contact, Ask::Further, now).await {
            Ok(Some(opt_in)) => {
                let _ = self.contacts.set_opt_in(contact, stored, opt_in).await?;
                Ok(Permission::of(opt_in.permits(to.registration)))
            }
            Ok(None) => Ok(Permission::Denied),
            Err(failure) => {
                if matches!(failure, SendError::NotSent(_)) {
                    claim.release(budgets, now).await?;
                    refund_opt_in(to.transport, charges).await;
                }
                Err(only_this_recipient(failure))
            }
        }
    }

    /// Counts a request in the limits of the mailbox and of all opt-in requests.
    async fn charge_further_opt_in(&self, to: &Addressee<'_>, now: Timestamp) -> Result<Charges<'_>, NotCharged> {
        let mailbox = ContactId::of_mailbox(to.contact, &self.contact_secret);
        let mut charges = Charges::new(&*self.budgets);
        let charged = match self.limits.charge_further_opt_in(&mailbox, &mut charges, now).await {
            Ok(()) => self.charge_opt_in_to(to, &mut charges, now).await,
            not_charged => not_charged,
        };
        charges.if_all(charged).await
    }
}
