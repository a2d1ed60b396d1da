use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Postman, Take, TextFor, Way, address};
use crate::domain::change::Change;
use crate::domain::contact::Contact;
use crate::domain::limit::Limit;
use crate::domain::opt_in::{Consent, ConsentToken, ContactId};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Failure, Unavailable};
use crate::ports::{Mail, Text};

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
fn answered(consent: Option<Consent>, now: Timestamp) -> Option<bool> {
    match consent {
        Some(Consent::Given) => Some(true),
        Some(Consent::Refused) => Some(false),
        Some(Consent::Asked { at }) if now.since(at) < ASKED_AGAIN_AFTER => Some(false),
        Some(Consent::Asked { .. }) | None => None,
    }
}

impl Postman {
    /// Asks the owner of an address that somebody came with, or gave later. Who cannot be asked now is asked when there
    /// is something to tell.
    pub(super) async fn welcome(&self, change: &Change, now: Timestamp) {
        let Some(attendee) = change.new.as_ref().filter(|_| change.brings_a_contact()) else { return };
        let Some(contact) = attendee.stay().and_then(|stay| stay.contact.as_ref()) else { return };
        let Some(way) = self.way(contact) else { return };
        if let Err(failure) = self.consents(contact, way, &attendee.title, now).await {
            tracing::warn!(%failure, "the owner of an address is asked later");
        }
    }

    /// Whether the owner of an address wants messages. Asks, if nobody has lately.
    pub(super) async fn consents(
        &self,
        contact: &Contact,
        way: Way<'_>,
        title: &str,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let id = ContactId::of(contact, &self.contact_secret);
        let known = answered(self.contacts.consent(&id).await?, now);
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
            return answered(self.contacts.consent(&id).await?, now).ok_or_else(|| Failure::NoAnswer(unasked()));
        };
        // Somebody may have asked since.
        let before = self.contacts.consent(&id).await?;
        if let Some(answer) = answered(before, now) {
            return Ok(answer);
        }
        if let Err(guard) = self.may_ask(way, now).await? {
            // Nobody counts as asked who is not.
            self.suppressed(guard);
            return Ok(false);
        }
        let asked = Consent::Asked { at: now };
        // Of two who see that nobody was asked, one asks: who stored it, even if the answer to that was lost.
        let is_ours = self.contacts.set_consent(&id, before, asked).await?;
        if !is_ours && self.contacts.consent(&id).await? != Some(asked) {
            return Ok(false);
        }
        match self.ask(&id, way, title, now).await {
            Ok(Some(answer)) => {
                self.contacts.set_consent(&id, Some(asked), answer).await?;
                Ok(answer == Consent::Given)
            }
            Ok(None) => Ok(false),
            Err(Failure::Reject(reason)) => {
                tracing::info!(reason, "the owner of an address cannot be asked");
                Ok(false)
            }
            Err(failure) => {
                // What may have arrived is not to arrive once more.
                if matches!(failure, Failure::NotSent(_)) {
                    // Nobody was reached: they may be asked again at once. If this fails too, that is in two days.
                    let never = before.unwrap_or(Consent::Asked { at: Timestamp::EARLIEST });
                    self.contacts.set_consent(&id, Some(asked), never).await?;
                }
                // However many strangers cannot be asked, that is no reason to stop what others are to hear.
                Err(match failure {
                    Failure::Retry(unavailable) | Failure::NotSent(unavailable) => Failure::NoAnswer(unavailable),
                    failure => failure,
                })
            }
        }
    }

    /// Takes what a question costs of the budgets; else which guard held it back.
    async fn may_ask(&self, way: Way<'_>, now: Timestamp) -> Result<Result<(), Limit>, Unavailable> {
        let guard = match way {
            Way::Text(_, guard, _) => Some(guard),
            Way::Mail(..) | Way::Call(..) => None,
        };
        // A look first: a text that may not go is to cost none of the hour's questions.
        if let Some(guard) = guard
            && let Err(guard) = guard.admit(TextFor::Answer, Take::Nothing, &*self.budgets, now).await?
        {
            return Ok(Err(guard));
        }
        if !self.guards.may_ask(&*self.budgets, now).await? {
            return Ok(Err(Limit::OptIns));
        }
        match guard {
            Some(guard) => guard.admit(TextFor::Answer, Take::One, &*self.budgets, now).await,
            None => Ok(Ok(())),
        }
    }

    /// The answer, where it is known at once.
    async fn ask(
        &self,
        contact: &ContactId,
        way: Way<'_>,
        title: &str,
        now: Timestamp,
    ) -> Result<Option<Consent>, Failure> {
        let link = self.links.consent(contact);
        match way {
            Way::Mail(mailer, to) => {
                let words = self.words.confirm_email(title, link.as_str());
                let id = format!("confirm:{}:{}", contact.as_str(), now.as_millis());
                let (contact, to) = (contact.clone(), to.to_owned());
                let (subject, body) = (words.subject, words.body);
                mailer.ask(&Mail { id, contact, to, subject, body, unsubscribe: None }).await
            }
            Way::Call(caller, to) => {
                let text = ConsentToken::sign(contact, &self.links.token_secret);
                caller.ask(contact, &address(to)?, &text).await
            }
            Way::Text(texter, _, to) => {
                let body = self.words.confirm_sms(title, link.as_str());
                texter.ask(&Text { to: to.to_owned(), body }).await
            }
        }
    }
}
