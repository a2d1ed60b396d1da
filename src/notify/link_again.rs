use super::budget::Admission;
use super::sms_limits::SmsPurpose;
use super::{NotificationSender, Way, address};
use crate::domain::attendee::Attendee;
use crate::domain::change::Change;
use crate::domain::opt_in::{ContactId, OptIn};
use crate::domain::timestamp::Timestamp;
use crate::formats::cloud_event;
use crate::ports::{Call, Mail, SendError, Text};

impl NotificationSender {
    /// Sends their link to whoever asked for it and whose contact has said yes before. Who was not reached may ask
    /// again.
    pub(super) async fn send_link_again(&self, change: &Change, now: Timestamp) {
        let Some(attendee) = change.asks_for_the_link() else { return };
        if let Err(failure) = self.send_link(attendee, now).await {
            tracing::warn!(%failure, "a link was not sent again");
        }
    }

    async fn send_link(&self, attendee: &Attendee, now: Timestamp) -> Result<(), SendError> {
        let Some(registration) = attendee.registration() else { return Ok(()) };
        let Some(contact) = &registration.contact else { return Ok(()) };
        let (Some(way), Some(link)) = (self.way(contact), self.links.manage(attendee)) else { return Ok(()) };
        let id = ContactId::of(contact, &self.contact_secret);
        if self.contacts.opt_in(&id).await? != Some(OptIn::Confirmed) {
            return Ok(());
        }
        if let Admission::Suppressed(limit) = self.limits.admit_link(id.as_str(), &*self.budgets, now).await? {
            self.suppressed(limit);
            return Ok(());
        }
        let title = &attendee.title;
        let asked_at = registration.link_asked_at.unwrap_or(now).as_millis();
        let message = format!("link:{}:{}:{asked_at}", attendee.event, registration.owner);
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
            Way::Text(sms_sender, limits, to) => {
                self.spend_text(SmsPurpose::Answer, limits, now).await?;
                let body = self.words.link_again_sms(title, link.as_str());
                sms_sender.text(&Text { to: to.to_owned(), body }).await
            }
        }
    }
}
