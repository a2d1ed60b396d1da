use super::{Postman, TextFor, Way, address};
use crate::domain::attendee::Attendee;
use crate::domain::change::Change;
use crate::domain::limit::Limit;
use crate::domain::opt_in::{Consent, ContactId};
use crate::domain::timestamp::Timestamp;
use crate::formats::cloud_event;
use crate::ports::Failure;
use crate::ports::{Call, Mail, Text};

impl Postman {
    /// Sends their link to whoever asked for it and whose contact has said yes before. Who was not reached may ask
    /// again.
    pub(super) async fn send_link_again(&self, change: &Change, now: Timestamp) {
        let Some(attendee) = change.asks_for_the_link() else { return };
        if let Err(failure) = self.send_link(attendee, now).await {
            tracing::warn!(%failure, "a link was not sent again");
        }
    }

    async fn send_link(&self, attendee: &Attendee, now: Timestamp) -> Result<(), Failure> {
        let stay_with_contact = attendee.stay().and_then(|stay| Some((stay, stay.contact.as_ref()?)));
        let Some((stay, contact)) = stay_with_contact else { return Ok(()) };
        let (Some(way), Some(link)) = (self.way(contact), self.links.manage(attendee)) else { return Ok(()) };
        let id = ContactId::of(contact, &self.contact_secret);
        if self.contacts.consent(&id).await? != Some(Consent::Given) {
            return Ok(());
        }
        if !self.guards.may_send_link(id.as_str(), &*self.budgets, now).await? {
            self.suppressed(Limit::LinksPerDay);
            return Ok(());
        }
        let title = &attendee.title;
        let asked_at = stay.link_asked_at.unwrap_or(now).as_millis();
        let message = format!("link:{}:{}:{asked_at}", attendee.event, stay.owner);
        match way {
            Way::Mail(mailer, to) => {
                let words = self.words.link_again_email(title, link.as_str());
                let (to, subject, body) = (to.to_owned(), words.subject, words.body);
                mailer.mail(&Mail { id: message, contact: id, to, subject, body, unsubscribe: None }).await
            }
            Way::Call(caller, to) => {
                let source = self.links.event(&attendee.event);
                let body = cloud_event::link_again(&message, &source, attendee, &link, now).to_string();
                caller.call(&Call { id: message, contact: id, to: address(to)?, body }).await
            }
            Way::Text(texter, guard, to) => {
                self.spend_text(TextFor::Answer, guard, now).await?;
                let body = self.words.link_again_sms(title, link.as_str());
                texter.text(&Text { to: to.to_owned(), body }).await
            }
        }
    }
}
