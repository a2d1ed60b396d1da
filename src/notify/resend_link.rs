//! Resends an attendee's manage link on request.

use url::Url;

use super::addressee::{Addressee, Transport};
use super::budget::{Charges, NotCharged};
use super::sms_limits::SmsPurpose;
use super::{NotificationSender, parse_webhook_url};
use crate::domain::attendee::Attendee;
use crate::domain::contact_id::ContactId;
use crate::domain::limit::Limit;
use crate::domain::timestamp::Timestamp;
use crate::formats::cloud_event;
use crate::ports::{Mail, SendError, Sms, WebhookCall};

/// The result of sending a manage link again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resent {
    /// It was sent, may have been sent, or is not to be sent.
    Finished,
    /// A limit on text messages defers it.
    Deferred,
}

impl NotificationSender {
    /// Resends the manage link if the contact has opted in for this registration.
    pub(super) async fn resend_link(&self, attendee: &Attendee, now: Timestamp) -> Result<Resent, SendError> {
        let Some(to) = self.addressee(attendee) else { return Ok(Resent::Finished) };
        let Some(link) = self.links.manage(attendee) else { return Ok(Resent::Finished) };
        let id = ContactId::of(to.contact, &self.contact_secret);
        let opt_in = self.contacts.opt_in(&id).await?;
        if !opt_in.is_some_and(|opt_in| opt_in.permits(to.registration)) {
            return Ok(Resent::Finished);
        }
        let mailbox = ContactId::of_mailbox(to.contact, &self.contact_secret);
        let charges = match self.charge_link(&to, &mailbox, now).await {
            Ok(charges) => charges,
            Err(NotCharged::Unavailable(unavailable)) => return Err(unavailable.into()),
            Err(NotCharged::LimitReached(limit)) => {
                self.record_suppressed(limit);
                // The person can ask again another day.
                return Ok(if limit == Limit::LinksPerDay { Resent::Finished } else { Resent::Deferred });
            }
        };
        match self.send_link(&to, id, &link, now).await {
            Ok(()) => Ok(Resent::Finished),
            Err(SendError::NotSent(cause)) => {
                charges.refund().await;
                Err(SendError::NotSent(cause))
            }
            Err(SendError::Unavailable(cause) | SendError::RecipientUnavailable(cause)) => {
                // The person can ask for the link again.
                tracing::warn!(%cause, "a manage link may not have arrived");
                Ok(Resent::Finished)
            }
            Err(failure @ (SendError::LimitReached(_) | SendError::Rejected(_))) => Err(failure),
        }
    }

    async fn charge_link(
        &self,
        to: &Addressee<'_>,
        mailbox: &ContactId,
        now: Timestamp,
    ) -> Result<Charges<'_>, NotCharged> {
        let mut charges = Charges::new(&*self.budgets);
        let charged = match (self.limits.charge_link(mailbox, &mut charges, now).await, to.transport) {
            (Ok(()), Transport::Sms(_, sms, _)) => sms.charge(SmsPurpose::DirectMessage, &mut charges, now).await,
            (charged, _) => charged,
        };
        charges.if_all(charged).await
    }

    async fn send_link(
        &self,
        &Addressee { attendee, registration, transport, .. }: &Addressee<'_>,
        contact: ContactId,
        link: &Url,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let title = &attendee.title;
        let requested_at = registration.link_requested_at.unwrap_or(now).as_millis();
        let id = format!("link:{}:{}:{requested_at}", attendee.event, registration.owner);
        match transport {
            Transport::Email(mailer, to) => {
                let email = self.texts.resent_link_email(title, link.as_str());
                let (to, subject, body) = (to.to_owned(), email.subject, email.body);
                mailer.send(&Mail { id, contact, to, subject, body, unsubscribe: None }).await
            }
            Transport::Webhook(caller, to) => {
                let source = self.links.event(&attendee.event);
                let body = cloud_event::link_resent(&id, &source, attendee, link, now).to_string();
                caller.call(&WebhookCall { id, contact, to: parse_webhook_url(to)?, body }).await
            }
            Transport::Sms(sms_sender, _, to) => {
                let body = self.texts.resent_link_sms(title, link.as_str());
                sms_sender.send(&Sms { to: to.to_owned(), body }).await
            }
        }
    }
}
