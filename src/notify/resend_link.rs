//! Resends an attendee's manage link on request.

use url::Url;

use super::addressee::{Addressee, Transport};
use super::budget::{Admission, Charge};
use super::sms_limits::SmsPurpose;
use super::{NotificationSender, parse_webhook_url};
use crate::domain::attendee::Attendee;
use crate::domain::contact_id::ContactId;
use crate::domain::timestamp::Timestamp;
use crate::formats::cloud_event;
use crate::ports::{Mail, SendError, Sms, WebhookCall};

/// The result of sending a manage link again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resent {
    /// It was sent, may have been sent, or is not to be sent.
    Finished,
    /// A limit on text messages holds it back.
    HeldBack,
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
        let charge_link = |charge| self.limits.admit_link(&mailbox, charge, &*self.budgets, now);
        if let Admission::Suppressed(limit) = charge_link(Charge::Nothing).await? {
            self.record_suppressed(limit);
            return Ok(Resent::Finished);
        }
        if let Transport::Sms(_, sms, _) = to.transport
            && let Admission::Suppressed(limit) =
                sms.admit(SmsPurpose::DirectMessage, Charge::One, &*self.budgets, now).await?
        {
            self.record_suppressed(limit);
            return Ok(Resent::HeldBack);
        }
        let _ = charge_link(Charge::One).await?;
        match self.send_link(&to, id, &link, now).await {
            Ok(()) => Ok(Resent::Finished),
            Err(SendError::NotSent(cause)) => {
                self.limits.refund_link(&mailbox, &*self.budgets, now).await?;
                if let Transport::Sms(_, sms, _) = to.transport {
                    sms.refund(SmsPurpose::DirectMessage, &*self.budgets, now).await?;
                }
                Err(SendError::NotSent(cause))
            }
            Err(SendError::Unavailable(cause) | SendError::RecipientUnavailable(cause)) => {
                // The person can ask for the link again.
                tracing::warn!(%cause, "a manage link may not have arrived");
                Ok(Resent::Finished)
            }
            Err(rejected @ SendError::Rejected(_)) => Err(rejected),
        }
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
