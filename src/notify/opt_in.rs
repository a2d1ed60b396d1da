//! Checks whether a contact has opted in, and sends opt-in requests.

use std::time::Duration;

use super::budget::{Admission, Charge};
use super::opt_ins_in_flight::Wait;
use super::sms_limits::SmsPurpose;
use super::{NotificationSender, Transport, parse_webhook_url};
use crate::domain::change::AttendeeChange;
use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::{ContactToken, OptIn};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Mail, SendError, Sms, Unavailable, Write};

/// A contact gets at most one opt-in request within this time.
const OPT_IN_REQUEST_INTERVAL: Duration = Duration::from_secs(48 * 60 * 60);

/// Whether notifications may be sent to a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    Granted,
    Denied,
}

/// Derives the permission from a stored opt-in. Returns `None` if an opt-in request may be sent.
fn stored_permission(opt_in: Option<OptIn>, now: Timestamp) -> Option<Permission> {
    match opt_in {
        Some(OptIn::Confirmed) => Some(Permission::Granted),
        Some(OptIn::OptedOut) => Some(Permission::Denied),
        Some(OptIn::Pending { at }) if now.since(at) < OPT_IN_REQUEST_INTERVAL => Some(Permission::Denied),
        Some(OptIn::Pending { .. }) | None => None,
    }
}

impl NotificationSender {
    /// Sends an opt-in request if the change adds a contact that needs one. If the
    /// request fails, it is sent again before the next notification.
    pub(super) async fn request_opt_in_if_new(&self, change: &AttendeeChange, now: Timestamp) {
        let Some(attendee) = change.new.as_ref().filter(|_| change.has_new_contact()) else { return };
        let Some(contact) = attendee.registration().and_then(|registration| registration.contact.as_ref()) else {
            return;
        };
        let Some(transport) = self.transport_to(contact) else { return };
        if let Err(failure) = self.check_or_request_opt_in(contact, transport, &attendee.title, now).await {
            tracing::warn!(%failure, "opt-in request deferred");
        }
    }

    /// Checks whether a contact has opted in. Sends an opt-in request if the contact has not
    /// answered, and none was sent within [`OPT_IN_REQUEST_INTERVAL`].
    pub(super) async fn check_or_request_opt_in(
        &self,
        contact: &Contact,
        transport: Transport<'_>,
        title: &str,
        now: Timestamp,
    ) -> Result<Permission, SendError> {
        let id = ContactId::of(contact, &self.contact_secret);
        let permission = stored_permission(self.contacts.opt_in(&id).await?, now);
        if permission == Some(Permission::Granted) {
            return Ok(Permission::Granted);
        }
        // Only one of several concurrent sign-ups with the same contact sends the opt-in request.
        let in_flight = permission.is_none().then(|| self.opt_ins_in_flight.start(&id)).flatten();
        let Some(_in_flight) = in_flight else {
            // A webhook opts in or out in its response to the request. If another task is sending that request,
            // this one waits for the response, so that its notification can still be sent.
            let may_be_answered =
                matches!(transport, Transport::Webhook(..)) && self.opt_ins_in_flight.wait(&id).await == Wait::Finished;
            if !may_be_answered {
                return Ok(Permission::Denied);
            }
            let not_sent = || Unavailable {
                doing: "requesting the opt-in of a webhook",
                cause: "the request did not reach the webhook".to_owned(),
            };
            let permission = stored_permission(self.contacts.opt_in(&id).await?, now);
            return permission.ok_or_else(|| SendError::RecipientUnavailable(not_sent()));
        };
        // Another task may have finished a request since the first read.
        let stored = self.contacts.opt_in(&id).await?;
        if let Some(permission) = stored_permission(stored, now) {
            return Ok(permission);
        }
        if let Admission::Suppressed(limit) = self.admit_opt_in(transport, now).await? {
            // `pending` is not stored, so that a later notification can send the request.
            self.record_suppressed(limit);
            return Ok(Permission::Denied);
        }
        let pending = OptIn::Pending { at: now };
        // If several processes reach this point, only the process that stores `pending` sends the
        // request. After a retry, a conflict can also mean that the first attempt was stored but
        // its response was lost, so it is read again.
        let write = self.contacts.set_opt_in(&id, stored, pending).await?;
        if write == Write::Conflict && self.contacts.opt_in(&id).await? != Some(pending) {
            return Ok(Permission::Denied);
        }
        match self.send_opt_in_request(&id, transport, title, now).await {
            Ok(Some(opt_in)) => {
                let _ = self.contacts.set_opt_in(&id, Some(pending), opt_in).await?;
                Ok(if opt_in == OptIn::Confirmed { Permission::Granted } else { Permission::Denied })
            }
            Ok(None) => Ok(Permission::Denied),
            Err(SendError::Rejected(reason)) => {
                tracing::info!(reason, "opt-in request rejected");
                Ok(Permission::Denied)
            }
            Err(failure) => {
                if matches!(failure, SendError::NotSent(_)) {
                    // This request certainly did not arrive, so the next one need not wait for the interval. In all
                    // other cases it may have arrived, and `pending` stays stored so that it is not sent twice.
                    let reverted = stored.unwrap_or(OptIn::Pending { at: Timestamp::EARLIEST });
                    let _ = self.contacts.set_opt_in(&id, Some(pending), reverted).await?;
                }
                // `RecipientUnavailable` defers the notifications of this recipient only.
                // `Unavailable` would also delay those of other recipients.
                Err(match failure {
                    SendError::Unavailable(unavailable) | SendError::NotSent(unavailable) => {
                        SendError::RecipientUnavailable(unavailable)
                    }
                    failure => failure,
                })
            }
        }
    }

    /// Counts an opt-in request in the budgets that apply to it.
    async fn admit_opt_in(&self, transport: Transport<'_>, now: Timestamp) -> Result<Admission, Unavailable> {
        let budgets = &*self.budgets;
        let Transport::Sms(_, sms, _) = transport else { return self.limits.admit_opt_in(budgets, now).await };
        // The limits on text messages are checked first, so that a suppressed text message is not counted as an opt-in
        // request.
        let check = sms.admit(SmsPurpose::DirectMessage, Charge::Nothing, budgets, now).await?;
        if check != Admission::Allowed {
            return Ok(check);
        }
        let opt_in = self.limits.admit_opt_in(budgets, now).await?;
        if opt_in != Admission::Allowed {
            return Ok(opt_in);
        }
        sms.admit(SmsPurpose::DirectMessage, Charge::One, budgets, now).await
    }

    /// Sends an opt-in request. A webhook opts in or out in its response, which is returned. For other contacts, the
    /// result is `None`.
    async fn send_opt_in_request(
        &self,
        contact: &ContactId,
        transport: Transport<'_>,
        title: &str,
        now: Timestamp,
    ) -> Result<Option<OptIn>, SendError> {
        let link = self.links.opt_in(contact);
        match transport {
            Transport::Email(mailer, to) => {
                let email = self.texts.opt_in_email(title, link.as_str());
                let id = format!("confirm:{}:{}", contact.as_str(), now.as_millis());
                let (contact, to) = (contact.clone(), to.to_owned());
                let (subject, body) = (email.subject, email.body);
                mailer.request_opt_in(&Mail { id, contact, to, subject, body, unsubscribe: None }).await
            }
            Transport::Webhook(caller, to) => {
                let token = ContactToken::sign(contact, &self.links.token_secret);
                caller.request_opt_in(contact, &parse_webhook_url(to)?, &token).await
            }
            Transport::Sms(sms_sender, _, to) => {
                let body = self.texts.opt_in_sms(title, link.as_str());
                sms_sender.request_opt_in(&Sms { to: to.to_owned(), body }).await
            }
        }
    }
}
