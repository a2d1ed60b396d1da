use std::time::Duration;

use super::{Guard, Postman, Way, address};
use crate::consent::{Consent, ConsentToken, ContactId};
use crate::contact::Contact;
use crate::outbound::{Mail, Text};
use crate::ports::{Change, Failure};
use crate::timestamp::Timestamp;

/// Nobody is asked twice in this time.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(48 * 60 * 60);

impl Postman {
    /// Asks the owners of addresses that people came with, or gave later. What cannot be asked now is asked when there
    /// is something to tell.
    pub async fn welcome(&self, changes: &[Change], now: Timestamp) {
        for change in changes {
            let Some(attendee) = change.new.as_ref().filter(|_| change.brings_a_contact()) else { continue };
            let Some(contact) = attendee.stay().and_then(|stay| stay.contact.as_ref()) else { continue };
            let Some(way) = self.way(contact) else { continue };
            if let Err(failure) = self.consents(contact, way, &attendee.title, now).await {
                tracing::warn!(%failure, "the owner of an address is asked later");
            }
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
        let before = self.contacts.consent(&id).await?;
        match before {
            Some(Consent::Given) => return Ok(true),
            Some(Consent::Refused) => return Ok(false),
            Some(Consent::Asked { at }) if now.since(at) < ASKED_AGAIN_AFTER => return Ok(false),
            Some(Consent::Asked { .. }) | None => {}
        }
        if !self.guards.may_ask(&*self.budgets, now).await? {
            self.held_back(Guard::Confirmations);
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
            Err(Failure::Retry(unavailable)) => {
                // Nobody was reached: they may be asked again at once. If this fails too, that is in two days.
                let never = before.unwrap_or(Consent::Asked { at: Timestamp::EARLIEST });
                self.contacts.set_consent(&id, Some(asked), never).await?;
                Err(unavailable.into())
            }
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
            Way::Text(texter, guard, to) => {
                self.spend_text(guard, now).await?;
                let body = self.words.confirm_sms(title, link.as_str());
                texter.ask(&Text { to: to.to_owned(), body }).await
            }
        }
    }
}
