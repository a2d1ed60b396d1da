use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::budget::{Admission, Charge};
use super::sms_limits::SmsPurpose;
use super::{NotificationSender, Way, address};
use crate::domain::change::Change;
use crate::domain::contact::Contact;
use crate::domain::opt_in::{ContactId, ContactToken, OptIn};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Mail, SendError, Text, Unavailable, Write};

/// Nobody is asked twice in this time.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(48 * 60 * 60);

/// The contacts whose owners are being asked by this process.
#[derive(Debug, Default)]
pub struct Asking {
    contacts: Mutex<HashSet<ContactId>>,
    one_ended: Notify,
}

/// While it lasts, nobody else of this process asks the same.
struct Turn<'a> {
    asking: &'a Asking,
    contact: ContactId,
}

impl Asking {
    fn contacts(&self) -> MutexGuard<'_, HashSet<ContactId>> {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None while somebody asks them.
    fn begin(&self, contact: &ContactId) -> Option<Turn<'_>> {
        let is_first = self.contacts().insert(contact.clone());
        is_first.then(|| Turn { asking: self, contact: contact.clone() })
    }

    /// Waits while somebody asks them; whether somebody did.
    async fn wait_for(&self, contact: &ContactId) -> bool {
        let mut has_waited = false;
        loop {
            let mut ended = pin!(self.one_ended.notified());
            // Before the look, so that no end is missed.
            ended.as_mut().enable();
            if !self.contacts().contains(contact) {
                return has_waited;
            }
            ended.await;
            has_waited = true;
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.asking.contacts().remove(&self.contact);
        self.asking.one_ended.notify_waiters();
    }
}

/// Whether somebody wants messages, by what they said; None where they may be asked.
fn answered(opt_in: Option<OptIn>, now: Timestamp) -> Option<bool> {
    match opt_in {
        Some(OptIn::Confirmed) => Some(true),
        Some(OptIn::OptedOut) => Some(false),
        Some(OptIn::Pending { at }) if now.since(at) < ASKED_AGAIN_AFTER => Some(false),
        Some(OptIn::Pending { .. }) | None => None,
    }
}

impl NotificationSender {
    /// Asks the owner of an address that somebody came with, or gave later. Who cannot be asked now is asked when there
    /// is something to tell.
    pub(super) async fn welcome(&self, change: &Change, now: Timestamp) {
        let Some(attendee) = change.new.as_ref().filter(|_| change.brings_a_contact()) else { return };
        let Some(contact) = attendee.registration().and_then(|registration| registration.contact.as_ref()) else {
            return;
        };
        let Some(way) = self.way(contact) else { return };
        if let Err(failure) = self.has_opted_in(contact, way, &attendee.title, now).await {
            tracing::warn!(%failure, "the owner of an address is asked later");
        }
    }

    /// Whether the owner of an address wants messages. Asks, if nobody has lately.
    pub(super) async fn has_opted_in(
        &self,
        contact: &Contact,
        way: Way<'_>,
        title: &str,
        now: Timestamp,
    ) -> Result<bool, SendError> {
        let id = ContactId::of(contact, &self.contact_secret);
        let known = answered(self.contacts.opt_in(&id).await?, now);
        if known == Some(true) {
            return Ok(true);
        }
        // Of several who come with one address at once, one asks.
        let turn = known.is_none().then(|| self.asking.begin(&id)).flatten();
        let Some(_turn) = turn else {
            // A webhook answers while it is asked, and is then to hear what others have to tell it.
            if !(matches!(way, Way::Call(..)) && self.asking.wait_for(&id).await) {
                return Ok(false);
            }
            let unasked = || Unavailable { doing: "asking a webhook", cause: "nothing reached it".to_owned() };
            return answered(self.contacts.opt_in(&id).await?, now).ok_or_else(|| SendError::NoAnswer(unasked()));
        };
        // Somebody may have asked since.
        let before = self.contacts.opt_in(&id).await?;
        if let Some(answer) = answered(before, now) {
            return Ok(answer);
        }
        if let Admission::Suppressed(limit) = self.admit_opt_in(way, now).await? {
            // The contact does not count as asked.
            self.suppressed(limit);
            return Ok(false);
        }
        let asked = OptIn::Pending { at: now };
        // Of two who see that nobody was asked, one asks: who stored it, even if the answer to that was lost.
        let write = self.contacts.set_opt_in(&id, before, asked).await?;
        if write == Write::Conflict && self.contacts.opt_in(&id).await? != Some(asked) {
            return Ok(false);
        }
        match self.ask(&id, way, title, now).await {
            Ok(Some(answer)) => {
                let _ = self.contacts.set_opt_in(&id, Some(asked), answer).await?;
                Ok(answer == OptIn::Confirmed)
            }
            Ok(None) => Ok(false),
            Err(SendError::Rejected(reason)) => {
                tracing::info!(reason, "the owner of an address cannot be asked");
                Ok(false)
            }
            Err(failure) => {
                // What may have arrived is not to arrive once more.
                if matches!(failure, SendError::NotSent(_)) {
                    // Nobody was reached: they may be asked again at once. If this fails too, that is in two days.
                    let never = before.unwrap_or(OptIn::Pending { at: Timestamp::EARLIEST });
                    let _ = self.contacts.set_opt_in(&id, Some(asked), never).await?;
                }
                // However many strangers cannot be asked, that is no reason to stop what others are to hear.
                Err(match failure {
                    SendError::Unavailable(unavailable) | SendError::NotSent(unavailable) => {
                        SendError::NoAnswer(unavailable)
                    }
                    failure => failure,
                })
            }
        }
    }

    /// Charges an opt-in request to the budgets.
    async fn admit_opt_in(&self, way: Way<'_>, now: Timestamp) -> Result<Admission, Unavailable> {
        let budgets = &*self.budgets;
        let Way::Text(_, sms, _) = way else { return self.limits.admit_opt_in(budgets, now).await };
        // A look first: a text message that may not be sent must cost none of the hour's opt-in requests.
        let look = sms.admit(SmsPurpose::Answer, Charge::Nothing, budgets, now).await?;
        if look != Admission::Allowed {
            return Ok(look);
        }
        let opt_in = self.limits.admit_opt_in(budgets, now).await?;
        if opt_in != Admission::Allowed {
            return Ok(opt_in);
        }
        sms.admit(SmsPurpose::Answer, Charge::One, budgets, now).await
    }

    /// The answer, where it is known at once.
    async fn ask(
        &self,
        contact: &ContactId,
        way: Way<'_>,
        title: &str,
        now: Timestamp,
    ) -> Result<Option<OptIn>, SendError> {
        let link = self.links.opt_in(contact);
        match way {
            Way::Mail(mailer, to) => {
                let words = self.words.confirm_email(title, link.as_str());
                let id = format!("confirm:{}:{}", contact.as_str(), now.as_millis());
                let (contact, to) = (contact.clone(), to.to_owned());
                let (subject, body) = (words.subject, words.body);
                mailer.ask(&Mail { id, contact, to, subject, body, unsubscribe: None }).await
            }
            Way::Call(caller, to) => {
                let text = ContactToken::sign(contact, &self.links.token_secret);
                caller.ask(contact, &address(to)?, &text).await
            }
            Way::Text(sms_sender, _, to) => {
                let body = self.words.confirm_sms(title, link.as_str());
                sms_sender.ask(&Text { to: to.to_owned(), body }).await
            }
        }
    }
}
