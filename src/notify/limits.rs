//! Limits on opt-in requests, resent manage links, news about seats, digests and text messages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::SmsLimits;
use super::budget::{Budget, Charges, NotCharged, Usage};
use crate::domain::attendee::Attendee;
use crate::domain::client_network::ClientNetwork;
use crate::domain::contact_id::ContactId;
use crate::domain::event::EventId;
use crate::domain::limit::Limit;
use crate::domain::registration::Registration;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Budgets, Unavailable};

/// Manage links that are resent to one mailbox per day. They need a limit because anyone can request them.
const MAX_LINKS_PER_MAILBOX_PER_DAY: u64 = 3;

/// Requests to confirm further registrations that one mailbox gets per day. They need a limit because anyone can sign its
/// addresses up for any number of events.
const MAX_OPT_INS_PER_MAILBOX_PER_DAY: u64 = 10;

/// Digests of all events together that one mailbox or number gets per day.
const MAX_DIGESTS_PER_MAILBOX_PER_DAY: u64 = 40;

/// Messages of all kinds that one mailbox or number gets per day.
const MAX_MESSAGES_PER_MAILBOX_PER_DAY: u64 = 60;

/// The opt-in request about a mailbox's first registration, of which it gets one in 48 hours.
const FIRST_OPT_IN: u64 = 1;

/// News about seats that one mailbox or number gets per day: what the other kinds leave, so that no kind displaces another.
const MAX_SEAT_NEWS_PER_MAILBOX_PER_DAY: u64 = MAX_MESSAGES_PER_MAILBOX_PER_DAY
    - MAX_DIGESTS_PER_MAILBOX_PER_DAY
    - MAX_OPT_INS_PER_MAILBOX_PER_DAY
    - MAX_LINKS_PER_MAILBOX_PER_DAY
    - FIRST_OPT_IN;

/// Opt-in requests of one event per day that the limit of an hour does not apply to. The guests of a party sign up at once.
const MAX_OPT_INS_PER_EVENT_AT_ONCE: u64 = 60;

/// Further opt-in requests of one event per hour.
const MAX_FURTHER_OPT_INS_PER_EVENT_PER_HOUR: u64 = 20;

/// Opt-in requests per hour that the clients of one network cause.
const MAX_OPT_INS_PER_NETWORK_PER_HOUR: u64 = 60;

/// The limits that the operator has configured.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Maximum number of opt-in requests per hour, to all contacts together. After half of them, each event and each network has
    /// a limit of its own. The last tenth is for registrations that are confirmed: by a trusted channel, or by a browser that
    /// has shown control of the address. The limits of events and networks do not apply to them.
    pub opt_ins_per_hour: u64,
    /// The limits on text messages. With `None`, no text messages are sent.
    pub sms: Option<SmsLimits>,
}

impl Limits {
    fn opt_in_budget(&self, now: Timestamp) -> Budget {
        // Opt-in requests were called confirmations before. The name is stored, so it cannot change.
        Budget::hourly("confirmations", self.opt_ins_per_hour, now)
    }

    /// Returns the number of opt-in requests in this hour, and their limit.
    pub async fn opt_in_usage(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<Usage, Unavailable> {
        self.opt_in_budget(now).usage(budgets).await
    }

    /// Counts one opt-in request in the budgets of its event, its network and this hour.
    pub(super) async fn charge_opt_in(
        &self,
        attendee: &Attendee,
        registration: &Registration,
        charges: &mut Charges<'_>,
        now: Timestamp,
    ) -> Result<(), NotCharged> {
        let all = || self.opt_in_budget(now);
        let network = registration.network.map(|network| network_budget(network, now));
        match charges.charge(all().up_to(self.opt_ins_per_hour / 2), Limit::OptIns).await {
            // A network that has used much of the first half gets nothing of the second one.
            Ok(()) => match network {
                Some(network) => return charges.charge(network.unlimited(), Limit::OptInsPerNetwork).await,
                None => return Ok(()),
            },
            Err(NotCharged::LimitReached(_)) => {}
            Err(unavailable) => return Err(unavailable),
        }
        if registration.confirmed {
            return charges.charge(all(), Limit::OptIns).await;
        }
        if let Some(network) = network {
            charges.charge(network, Limit::OptInsPerNetwork).await?;
        }
        charge_event(&attendee.event, charges, now).await?;
        charges.charge(all().up_to(self.opt_ins_per_hour - self.opt_ins_per_hour / 10), Limit::OptIns).await
    }

    /// Counts a request to confirm a further registration in the mailbox's budget of this day (UTC).
    pub(super) async fn charge_further_opt_in(
        &self,
        mailbox: &ContactId,
        charges: &mut Charges<'_>,
        now: Timestamp,
    ) -> Result<(), NotCharged> {
        let budget = mailbox_budget("opt-ins", mailbox, MAX_OPT_INS_PER_MAILBOX_PER_DAY, now);
        charges.charge(budget, Limit::OptInsToContactPerDay).await
    }

    /// Counts one resent link in the mailbox's budget of this day (UTC).
    pub(super) async fn charge_link(
        &self,
        mailbox: &ContactId,
        charges: &mut Charges<'_>,
        now: Timestamp,
    ) -> Result<(), NotCharged> {
        let budget = mailbox_budget("links", mailbox, MAX_LINKS_PER_MAILBOX_PER_DAY, now);
        charges.charge(budget, Limit::LinksPerDay).await
    }

    /// Counts one digest in the mailbox's budget of this day (UTC). Links and opt-in requests have budgets of their own, so
    /// digests never prevent them.
    pub(super) async fn charge_digest(
        &self,
        mailbox: &ContactId,
        charges: &mut Charges<'_>,
        now: Timestamp,
    ) -> Result<(), NotCharged> {
        let budget = mailbox_budget("digests", mailbox, MAX_DIGESTS_PER_MAILBOX_PER_DAY, now);
        charges.charge(budget, Limit::DigestsPerDay).await
    }

    /// Counts news about a seat in the mailbox's budget of this day (UTC).
    pub(super) async fn charge_seat_news(
        &self,
        mailbox: &ContactId,
        charges: &mut Charges<'_>,
        now: Timestamp,
    ) -> Result<(), NotCharged> {
        let budget = mailbox_budget("seats", mailbox, MAX_SEAT_NEWS_PER_MAILBOX_PER_DAY, now);
        charges.charge(budget, Limit::SeatNewsPerDay).await
    }
}

/// Counts an opt-in request in the budgets of an event: those that may come at once, and then those of each hour.
async fn charge_event(event: &EventId, charges: &mut Charges<'_>, now: Timestamp) -> Result<(), NotCharged> {
    // Unlisted events have ids that must not be stored anywhere else.
    let event = URL_SAFE_NO_PAD.encode(&Sha256::digest(event.as_str())[..16]);
    let at_once = Budget::daily(&format!("opt-ins of {event}"), MAX_OPT_INS_PER_EVENT_AT_ONCE, now);
    match charges.charge(at_once, Limit::OptInsPerEvent).await {
        Err(NotCharged::LimitReached(limit)) => {
            let name = format!("further opt-ins of {event}");
            charges.charge(Budget::hourly(&name, MAX_FURTHER_OPT_INS_PER_EVENT_PER_HOUR, now), limit).await
        }
        charged => charged,
    }
}

fn network_budget(network: ClientNetwork, now: Timestamp) -> Budget {
    Budget::hourly(&format!("opt-ins from {}", network.as_u16()), MAX_OPT_INS_PER_NETWORK_PER_HOUR, now)
}

fn mailbox_budget(purpose: &str, mailbox: &ContactId, limit: u64, now: Timestamp) -> Budget {
    Budget::daily(&format!("{purpose} {}", mailbox.as_str()), limit, now)
}
