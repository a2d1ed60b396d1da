//! Resends an attendee's manage link on request.

use super::addressee::{Addressee, Transport};
use super::budget::{Admission, Charge};
use super::sms_limits::SmsPurpose;
use super::{NotificationSender, parse_webhook_url};
use crate::domain::attendee::Attendee;
use crate::domain::change::AttendeeChange;
use crate::domain::contact_id::ContactId;
use crate::domain::timestamp::Timestamp;
use crate::formats::cloud_event;
use crate::ports::{Mail, SendError, Sms, WebhookCall};

impl NotificationSender {
    /// Resends the manage link if the change requests it and the contact has opted in for this registration. An error is only logged, because
    /// the attendee can request the link again.
    pub(super) async fn resend_link_if_requested(&self, change: &AttendeeChange, now: Timestamp) {
        let Some(attendee) = change.link_request() else { return };
        if let Err(failure) = self.resend_link(attendee, now).await {
            tracing::warn!(%failure, "resending a manage link failed");
        }
    }

    pub(super) async fn resend_link(&self, attendee: &Attendee, now: Timestamp) -> Result<(), SendError> {
        let Some(Addressee { registration, contact, transport, .. }) = self.addressee(attendee) else { return Ok(()) };
        let Some(link) = self.links.manage(attendee) else { return Ok(()) };
        let contact_id = ContactId::of(contact, &self.contact_secret);
        let opt_in = self.contacts.opt_in(&contact_id).await?;
        if !opt_in.is_some_and(|opt_in| opt_in.permits(registration)) {
            return Ok(());
        }
        let mailbox = ContactId::of_mailbox(contact, &self.contact_secret);
        let charge = |charge| self.limits.admit_link(&mailbox, charge, &*self.budgets, now);
        if let Admission::Suppressed(limit) = charge(Charge::Nothing).await? {
            self.record_suppressed(limit);
            return Ok(());
        }
        let title = &attendee.title;
        let requested_at = registration.link_requested_at.unwrap_or(now).as_millis();
        let id = format!("link:{}:{}:{requested_at}", attendee.event, registration.owner);
        match transport {
            Transport::Email(mailer, to) => {
                let email = self.texts.resent_link_email(title, link.as_str());
                let (to, subject, body) = (to.to_owned(), email.subject, email.body);
                mailer.send(&Mail { id, contact: contact_id, to, subject, body, unsubscribe: None }).await?;
            }
            Transport::Webhook(caller, to) => {
                let source = self.links.event(&attendee.event);
                let body = cloud_event::link_resent(&id, &source, attendee, &link, now).to_string();
                caller.call(&WebhookCall { id, contact: contact_id, to: parse_webhook_url(to)?, body }).await?;
            }
            Transport::Sms(sms_sender, limits, to) => {
                self.charge_sms(SmsPurpose::DirectMessage, limits, now).await?;
                let body = self.texts.resent_link_sms(title, link.as_str());
                let sent = sms_sender.send(&Sms { to: to.to_owned(), body }).await;
                if matches!(sent, Err(SendError::NotSent(_))) {
                    limits.refund(SmsPurpose::DirectMessage, &*self.budgets, now).await?;
                }
                sent?;
            }
        }
        // A link that was not sent costs nothing.
        let _ = charge(Charge::One).await?;
        Ok(())
    }
}
