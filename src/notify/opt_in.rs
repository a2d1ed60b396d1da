//! Checks whether a contact has opted in, and sends opt-in requests.

use std::time::Duration;

use super::budget::{Admission, Charge};
use super::opt_ins_in_flight::Wait;
use super::sms_limits::SmsPurpose;
use super::{NotificationSender, Transport, parse_webhook_url};
use crate::domain::change::Change;
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

/// Derives the permission from a stored opt-in. `None` means that an opt-in request may be sent.
fn known_permission(opt_in: Option<OptIn>, now: Timestamp) -> Option<Permission> {
    match opt_in {
        Some(OptIn::Confirmed) => Some(Permission::Granted),
        Some(OptIn::OptedOut) => Some(Permission::Denied),
        Some(OptIn::Pending { at }) if now.since(at) < OPT_IN_REQUEST_INTERVAL => Some(Permission::Denied),
        Some(OptIn::Pending { .. }) | None => None,
    }
}

impl NotificationSender {
    /// Sends an opt-in request if the change adds a contact that needs one. If that fails, the request is sent with the
    /// next notification.
    pub(super) async fn request_opt_in_if_new(&self, change: &Change, now: Timestamp) {
        let Some(attendee) = change.new.as_ref().filter(|_| change.has_new_contact()) else { return };
        let Some(contact) = attendee.registration().and_then(|registration| registration.contact.as_ref()) else {
            return;
        };
        let Some(transport) = self.transport_to(contact) else { return };
        if let Err(failure) = self.check_or_request_opt_in(contact, transport, &attendee.title, now).await {
            tracing::warn!(%failure, "opt-in request deferred");
        }
    }

    /// Checks whether a contact has opted in. Sends an opt-in request if none was sent lately.
    pub(super) async fn check_or_request_opt_in(
        &self,
        contact: &Contact,
        transport: Transport<'_>,
        title: &str,
        now: Timestamp,
    ) -> Result<Permission, SendError> {
        let id = ContactId::of(contact, &self.contact_secret);
        let known = known_permission(self.contacts.opt_in(&id).await?, now);
        if known == Some(Permission::Granted) {
            return Ok(Permission::Granted);
        }
        // Only one of several concurrent sign-ups with the same contact sends the opt-in request.
        let in_flight = known.is_none().then(|| self.opt_ins_in_flight.start(&id)).flatten();
        let Some(_in_flight) = in_flight else {
            // A webhook answers the request itself. If it opts in, the notifications that waited for it can be sent.
            let is_answered =
                matches!(transport, Transport::Webhook(..)) && self.opt_ins_in_flight.wait(&id).await == Wait::Finished;
            if !is_answered {
                return Ok(Permission::Denied);
            }
            let not_sent = || Unavailable {
                doing: "requesting the opt-in of a webhook",
                cause: "the request did not reach it".to_owned(),
            };
            let permission = known_permission(self.contacts.opt_in(&id).await?, now);
            return permission.ok_or_else(|| SendError::RecipientUnavailable(not_sent()));
        };
        // Another task may have finished a request after the first look.
        let before = self.contacts.opt_in(&id).await?;
        if let Some(permission) = known_permission(before, now) {
            return Ok(permission);
        }
        if let Admission::Suppressed(limit) = self.admit_opt_in(transport, now).await? {
            // The opt-in does not become pending, so that the request can be sent later.
            self.record_suppressed(limit);
            return Ok(Permission::Denied);
        }
        let pending = OptIn::Pending { at: now };
        // If two processes get here, only the one whose write is stored sends the request. On a conflict a second look
        // tells whether our own write was stored and only its answer was lost.
        let write = self.contacts.set_opt_in(&id, before, pending).await?;
        if write == Write::Conflict && self.contacts.opt_in(&id).await? != Some(pending) {
            return Ok(Permission::Denied);
        }
        match self.send_opt_in_request(&id, transport, title, now).await {
            Ok(Some(answer)) => {
                let _ = self.contacts.set_opt_in(&id, Some(pending), answer).await?;
                Ok(if answer == OptIn::Confirmed { Permission::Granted } else { Permission::Denied })
            }
            Ok(None) => Ok(Permission::Denied),
            Err(SendError::Rejected(reason)) => {
                tracing::info!(reason, "opt-in request rejected");
                Ok(Permission::Denied)
            }
            Err(failure) => {
                // A request that may have arrived is not sent again.
                if matches!(failure, SendError::NotSent(_)) {
                    // This request did not arrive, so the next one need not wait. If this write fails, the next one
                    // waits for the whole interval.
                    let reverted = before.unwrap_or(OptIn::Pending { at: Timestamp::EARLIEST });
                    let _ = self.contacts.set_opt_in(&id, Some(pending), reverted).await?;
                }
                // `RecipientUnavailable` counts against this recipient only. Failed opt-in requests must not hold up the
                // notifications of other recipients.
                Err(match failure {
                    SendError::Unavailable(unavailable) | SendError::NotSent(unavailable) => {
                        SendError::RecipientUnavailable(unavailable)
                    }
                    failure => failure,
                })
            }
        }
    }

    /// Charges an opt-in request to the budgets.
    async fn admit_opt_in(&self, transport: Transport<'_>, now: Timestamp) -> Result<Admission, Unavailable> {
        let budgets = &*self.budgets;
        let Transport::Sms(_, sms, _) = transport else { return self.limits.admit_opt_in(budgets, now).await };
        // Checks the limits on text messages first: a suppressed text message must not use up the hour's opt-in
        // requests.
        let check = sms.admit(SmsPurpose::Answer, Charge::Nothing, budgets, now).await?;
        if check != Admission::Allowed {
            return Ok(check);
        }
        let opt_in = self.limits.admit_opt_in(budgets, now).await?;
        if opt_in != Admission::Allowed {
            return Ok(opt_in);
        }
        sms.admit(SmsPurpose::Answer, Charge::One, budgets, now).await
    }

    /// Returns the answer if the contact gives it during the request, as webhooks do.
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
