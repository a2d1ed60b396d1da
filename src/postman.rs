//! Brings notifications to people: in words, with their own link, at addresses whose owners have said yes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::attendee::Attendee;
use crate::cloud_event;
use crate::consent::{Consent, ConsentToken, ContactId};
use crate::contact::Contact;
use crate::links::Links;
use crate::notification::{Notification, Recipient};
use crate::outbound::{Call, Caller, Mail, Mailer};
use crate::ports::{Budgets, Change, Contacts, Failure, Inbox, InboxMessage, Notifier, StayKey, Unavailable};
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::words::Words;

/// Nobody is asked twice in this time.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(48 * 60 * 60);

const HOUR: Duration = Duration::from_secs(60 * 60);

pub struct Postman {
    pub words: Words,
    pub links: Links,
    /// Tells addresses apart without naming them; it must never change.
    pub contact_secret: Secret,
    pub contacts: Arc<dyn Contacts>,
    pub budgets: Arc<dyn Budgets>,
    /// How many owners of addresses may be asked in an hour, whoever signs up with which.
    pub confirmations_an_hour: u64,
    pub inbox: Option<Arc<dyn Inbox>>,
    pub mailer: Option<Arc<dyn Mailer>>,
    pub caller: Option<Arc<dyn Caller>>,
}

/// An address, and who can bring something there.
enum Way<'a> {
    Mail(&'a dyn Mailer, &'a str),
    Call(&'a dyn Caller, url::Url),
}

#[async_trait]
impl Notifier for Postman {
    async fn notify(&self, notification: &Notification) -> Result<bool, Failure> {
        let Recipient::Attendee(attendee) = &notification.to else { return Ok(false) };
        let Some(stay) = attendee.stay() else { return Ok(false) };
        if let Some(inbox) = &self.inbox {
            let key = StayKey { attendee: attendee.key(), owner: stay.owner.clone() };
            let text = self.words.line(&notification.announcement);
            inbox.keep(&key, InboxMessage { id: notification.id.clone(), at: notification.at, text }).await?;
        }
        let Some((contact, way)) = stay.contact.as_ref().and_then(|contact| Some((contact, self.way(contact)?))) else {
            return Ok(self.inbox.is_some());
        };
        if self.consent(contact, &attendee.title, notification.at).await? {
            self.bring(notification, attendee, contact, way).await?;
            return Ok(true);
        }
        Ok(self.inbox.is_some())
    }
}

impl Postman {
    /// Asks the owners of addresses that people came with, or gave later. What cannot be asked now is asked when there
    /// is something to tell.
    pub async fn welcome(&self, changes: &[Change], now: Timestamp) {
        for change in changes {
            let contact = |attendee: &Option<Attendee>| attendee.as_ref()?.stay()?.contact.clone();
            let (before, after) = (contact(&change.old), contact(&change.new));
            let (Some(contact), Some(attendee)) = (&after, &change.new) else { continue };
            if before == after || self.way(contact).is_none() {
                continue;
            }
            if let Err(failure) = self.consent(contact, &attendee.title, now).await {
                tracing::warn!(%failure, "the owner of an address is asked later");
            }
        }
    }

    fn way<'a>(&'a self, contact: &'a Contact) -> Option<Way<'a>> {
        match contact {
            Contact::Email(address) => Some(Way::Mail(&**self.mailer.as_ref()?, address)),
            Contact::Webhook(address) => Some(Way::Call(&**self.caller.as_ref()?, url::Url::parse(address).ok()?)),
            Contact::Sms(_) => None,
        }
    }

    /// Whether the owner of an address wants messages. Asks, if nobody has lately.
    async fn consent(&self, contact: &Contact, title: &str, now: Timestamp) -> Result<bool, Failure> {
        let id = ContactId::of(contact, &self.contact_secret);
        let before = self.contacts.consent(&id).await?;
        match before {
            Some(Consent::Given) => return Ok(true),
            Some(Consent::Refused) => return Ok(false),
            Some(Consent::Asked { at }) if now.since(at) < ASKED_AGAIN_AFTER => return Ok(false),
            Some(Consent::Asked { .. }) | None => {}
        }
        if !self.may_ask(now).await? {
            return Ok(false);
        }
        let asked = Consent::Asked { at: now };
        // Of two who see that nobody was asked, one asks.
        if !self.contacts.set_consent(&id, before, asked).await? {
            return Ok(false);
        }
        match self.ask(contact, &id, title, now).await {
            Ok(None) => Ok(false),
            Ok(Some(answer)) => {
                self.contacts.set_consent(&id, Some(asked), answer).await?;
                Ok(answer == Consent::Given)
            }
            Err(Failure::Reject(reason)) => Err(Failure::Reject(reason)),
            Err(Failure::Retry(unavailable)) => {
                // Nobody was reached. If this fails too, they are asked in two days.
                if let Some(before) = before {
                    self.contacts.set_consent(&id, Some(asked), before).await?;
                } else {
                    let long_ago = Consent::Asked { at: Timestamp::EARLIEST };
                    self.contacts.set_consent(&id, Some(asked), long_ago).await?;
                }
                Err(unavailable.into())
            }
        }
    }

    async fn may_ask(&self, now: Timestamp) -> Result<bool, Unavailable> {
        let hour = now.as_seconds() / 3_600;
        let is_left =
            self.budgets.spend(&format!("confirmations {hour}"), self.confirmations_an_hour, now.plus(HOUR)).await?;
        if !is_left {
            tracing::warn!(limit = self.confirmations_an_hour, "nobody else is asked in this hour");
        }
        Ok(is_left)
    }

    /// The answer, where it comes at once.
    async fn ask(
        &self,
        contact: &Contact,
        id: &ContactId,
        title: &str,
        now: Timestamp,
    ) -> Result<Option<Consent>, Failure> {
        let link = self.links.consent(id);
        match self.way(contact) {
            Some(Way::Mail(mailer, to)) => {
                let words = self.words.confirm_email(title, link.as_str());
                let id = format!("confirm:{}:{}", id.as_str(), now.as_millis());
                let (to, subject, body) = (to.to_owned(), words.subject, words.body);
                mailer.mail(&Mail { id, to, subject, body, unsubscribe: None }).await?;
                Ok(None)
            }
            Some(Way::Call(caller, to)) => {
                let text = ConsentToken::sign(id, &self.links.token_secret);
                match caller.challenge(&to, &text).await {
                    Ok(()) => Ok(Some(Consent::Given)),
                    Err(Failure::Reject(reason)) => {
                        tracing::info!(reason, "a webhook does not want to be called");
                        Ok(None)
                    }
                    Err(retry) => Err(retry),
                }
            }
            None => Ok(None),
        }
    }

    async fn bring(
        &self,
        notification: &Notification,
        attendee: &Attendee,
        contact: &Contact,
        way: Way<'_>,
    ) -> Result<(), Failure> {
        let announcement = &notification.announcement;
        let manage = self.links.manage(attendee).ok_or_else(|| Failure::Reject("the stay is over".to_owned()))?;
        match way {
            Way::Mail(mailer, to) => {
                let words = self.words.email(announcement, manage.as_str());
                let unsubscribe = self.links.consent(&ContactId::of(contact, &self.contact_secret));
                let (id, to) = (notification.id.clone(), to.to_owned());
                let (subject, body) = (words.subject, words.body);
                mailer.mail(&Mail { id, to, subject, body, unsubscribe: Some(unsubscribe) }).await
            }
            Way::Call(caller, to) => {
                let (id, text) = (notification.id.clone(), self.words.line(announcement));
                let source = self.links.event(&attendee.event);
                let event =
                    cloud_event::announcement(&id, &source, announcement, &text, Some(&manage), notification.at);
                caller.call(&Call { id, to, body: event.to_string() }).await
            }
        }
    }
}
