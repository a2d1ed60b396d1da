//! Checks whether a contact has opted in, and sends opt-in requests.

use std::time::Duration;

use super::addressee::{Addressee, Transport};
use super::budget::{Charges, NotCharged};
use super::opt_ins_in_flight::Wait;
use super::sms_limits::SmsPurpose;
use super::{NotificationSender, parse_webhook_url};
use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::{ContactToken, OptIn, Scope};
use crate::domain::opt_in_link::OptInToken;
use crate::domain::registration::{Registration, RegistrationKey, RegistrationTag};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Asked, Mail, SendError, Sms, Spending, Unavailable, Write};

/// A contact gets at most one opt-in request within this time, and so do all contacts in one mailbox together.
const OPT_IN_REQUEST_INTERVAL: Duration = Duration::from_secs(48 * 60 * 60);

/// Whether notifications may be sent to a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    Granted,
    Denied,
    /// Denied until the owner answers an opt-in request, which is deferred: by a limit, or because another one to the mailbox is being sent.
    RequestDeferred,
}

/// An attempt to send an opt-in request.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    pub now: Timestamp,
    /// If the outcome of an earlier attempt for the same message is unknown, for example because the program stopped: a time
    /// that is not later than the beginning of that attempt. What was stored since counts as stored by this attempt, and
    /// the request is sent again, since it may not have been sent.
    pub unresolved_since: Option<Timestamp>,
}

impl Attempt {
    /// Whether an earlier request rules out another one: it was sent within [`OPT_IN_REQUEST_INTERVAL`], and not by this
    /// attempt.
    fn is_too_early_after(self, request: OptIn) -> bool {
        matches!(request, OptIn::Pending { at } if self.now.since(at) < OPT_IN_REQUEST_INTERVAL)
            && !self.has_stored(request)
    }

    /// Whether an earlier attempt for the same message stored this.
    fn has_stored(self, request: OptIn) -> bool {
        matches!(request, OptIn::Pending { at } if self.unresolved_since.is_some_and(|since| at >= since))
    }

    /// What is stored before the request is sent.
    fn pending(self) -> OptIn {
        OptIn::Pending { at: self.unresolved_since.unwrap_or(self.now) }
    }
}

impl Permission {
    pub(super) fn of(is_permitted: bool) -> Self {
        if is_permitted { Self::Granted } else { Self::Denied }
    }
}

/// Which opt-in request to a contact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    First,
    /// The owner has confirmed another registration.
    Further,
}

/// What a stored opt-in means for the notifications about one registration.
enum Standing {
    Known(Permission),
    /// An opt-in request may be sent.
    Unanswered,
    /// The owner of the contact has confirmed another registration, but not this one.
    OtherConfirmed,
}

fn standing(opt_in: Option<OptIn>, registration: &Registration, attempt: Attempt) -> Standing {
    match opt_in {
        Some(opt_in) if opt_in.permits(registration) => Standing::Known(Permission::Granted),
        Some(OptIn::Confirmed(_)) => Standing::OtherConfirmed,
        Some(OptIn::OptedOut) => Standing::Known(Permission::Denied),
        Some(request @ OptIn::Pending { .. }) if attempt.is_too_early_after(request) => {
            Standing::Known(Permission::Denied)
        }
        Some(OptIn::Pending { .. }) | None => Standing::Unanswered,
    }
}

/// Returns the permission after another task has sent an opt-in request, or `None` if none was sent.
fn permission_after_request(
    opt_in: Option<OptIn>,
    registration: &Registration,
    attempt: Attempt,
) -> Option<Permission> {
    match standing(opt_in, registration, attempt) {
        Standing::Known(permission) => Some(permission),
        Standing::Unanswered => None,
        // The request for this registration is sent before its next notification.
        Standing::OtherConfirmed => Some(Permission::Denied),
    }
}

impl NotificationSender {
    /// Checks whether notifications about a registration may be sent to its contact. Sends an opt-in request if the owner
    /// has not answered, and none was sent within [`OPT_IN_REQUEST_INTERVAL`]; or if the owner has confirmed another
    /// registration, and was not asked about this one.
    pub(super) async fn check_or_request_opt_in(
        &self,
        to: &Addressee<'_>,
        attempt: Attempt,
    ) -> Result<Permission, SendError> {
        let Addressee { registration, transport, .. } = *to;
        let now = attempt.now;
        let id = ContactId::of(to.contact, &self.contact_secret);
        let opt_in = self.contacts.opt_in(&id).await?;
        let is_unanswered = match standing(opt_in, registration, attempt) {
            Standing::Known(Permission::Granted) => return Ok(Permission::Granted),
            Standing::OtherConfirmed => return self.request_further_opt_in(to, &id, opt_in, attempt).await,
            Standing::Known(_) => false,
            Standing::Unanswered => true,
        };
        let mailbox = ContactId::of_mailbox(to.contact, &self.contact_secret);
        // Only one of several concurrent sign-ups with the same mailbox sends the opt-in request.
        let in_flight = is_unanswered.then(|| self.opt_ins_in_flight.start(&mailbox)).flatten();
        let Some(_in_flight) = in_flight else {
            // A webhook opts in or out in its response to the request. If another task is sending that request,
            // this one waits for the response, so that its notification can still be sent.
            let may_be_answered = matches!(transport, Transport::Webhook(..))
                && self.opt_ins_in_flight.wait(&mailbox).await == Wait::Finished;
            if !may_be_answered {
                return Ok(if is_unanswered { Permission::RequestDeferred } else { Permission::Denied });
            }
            let not_sent = || Unavailable {
                doing: "requesting the opt-in of a webhook",
                cause: "the request did not reach the webhook".to_owned(),
            };
            let permission = permission_after_request(self.contacts.opt_in(&id).await?, registration, attempt);
            return permission.ok_or_else(|| SendError::RecipientUnavailable(not_sent()));
        };
        // Another task may have finished a request since the first read.
        let stored = self.contacts.opt_in(&id).await?;
        if let Some(permission) = permission_after_request(stored, registration, attempt) {
            return Ok(permission);
        }
        let last_request = self.contacts.opt_in(&mailbox).await?;
        if last_request.is_some_and(|request| attempt.is_too_early_after(request)) {
            return Ok(Permission::Denied);
        }
        let charges = match self.charge_opt_in(to, now).await {
            Ok(charges) => charges,
            // `pending` is not stored, so that the request can be sent later.
            Err(not_charged) => return self.request_not_charged(not_charged),
        };
        let pending = attempt.pending();
        let before = [(&mailbox, last_request), (&id, stored)];
        for (id, before) in before {
            // If several processes reach this point, only the process that stores `pending` sends the
            // request. After a retry, a conflict can also mean that the first attempt was stored but
            // its response was lost, so it is read again.
            let write = self.contacts.set_opt_in(id, before, pending).await?;
            if write == Write::Conflict && self.contacts.opt_in(id).await? != Some(pending) {
                charges.refund().await;
                return Ok(Permission::Denied);
            }
        }
        // The request names this registration, so the owner is not asked about it again. A failed claim must not prevent
        // the request, because `pending` is stored.
        let claim = self.opt_in_claim(to, &id);
        let claimed = claim.take(&*self.budgets, now).await.unwrap_or(Spending::Exhausted);
        match self.send_opt_in_request(to, &id, Ask::First, now).await {
            Ok(Some(opt_in)) => {
                let _ = self.contacts.set_opt_in(&id, Some(pending), opt_in).await?;
                Ok(Permission::of(opt_in.permits(registration)))
            }
            Ok(None) => Ok(Permission::Denied),
            Err(failure) => {
                if matches!(failure, SendError::NotSent(_)) {
                    // This request certainly did not arrive, so the next one need not wait for the interval. In all
                    // other cases it may have arrived, and `pending` stays stored so that it is not sent twice.
                    for (id, before) in before {
                        let reverted = before.filter(|before| !attempt.has_stored(*before));
                        let reverted = reverted.unwrap_or(OptIn::Pending { at: Timestamp::EARLIEST });
                        let _ = self.contacts.set_opt_in(id, Some(pending), reverted).await?;
                    }
                    refund_opt_in(transport, charges).await;
                    if claimed == Spending::Granted {
                        claim.release(&*self.budgets, now).await?;
                    }
                }
                Err(only_this_recipient(failure))
            }
        }
    }

    /// Counts an opt-in request in the budgets that apply to it.
    async fn charge_opt_in(&self, to: &Addressee<'_>, now: Timestamp) -> Result<Charges<'_>, NotCharged> {
        let mut charges = Charges::new(&*self.budgets);
        let charged = self.charge_opt_in_to(to, &mut charges, now).await;
        charges.if_all(charged).await
    }

    /// The permission if an opt-in request could not be counted.
    pub(super) fn request_not_charged(&self, not_charged: NotCharged) -> Result<Permission, SendError> {
        match not_charged {
            NotCharged::Unavailable(unavailable) => Err(unavailable.into()),
            NotCharged::LimitReached(limit) => {
                self.record_suppressed(limit);
                Ok(Permission::RequestDeferred)
            }
        }
    }

    pub(super) async fn charge_opt_in_to(
        &self,
        &Addressee { attendee, registration, transport, .. }: &Addressee<'_>,
        charges: &mut Charges<'_>,
        now: Timestamp,
    ) -> Result<(), NotCharged> {
        if let Transport::Sms(_, sms, _) = transport {
            sms.charge(SmsPurpose::DirectMessage, charges, now).await?;
        }
        self.limits.charge_opt_in(attendee, registration, charges, now).await
    }

    /// Sends an opt-in request about a registration. A webhook opts in or out in its response, which is returned. If the
    /// provider asks the owner of an address, the result is what it allows to send. For other contacts, and if the request is
    /// rejected, it is `None`.
    pub(super) async fn send_opt_in_request(
        &self,
        to: &Addressee<'_>,
        contact: &ContactId,
        ask: Ask,
        now: Timestamp,
    ) -> Result<Option<OptIn>, SendError> {
        match self.call_with_opt_in_request(to, contact, ask, now).await {
            Err(SendError::Rejected(reason)) => {
                tracing::info!(reason, "opt-in request rejected");
                Ok(None)
            }
            sent => sent,
        }
    }

    async fn call_with_opt_in_request(
        &self,
        to: &Addressee<'_>,
        contact: &ContactId,
        ask: Ask,
        now: Timestamp,
    ) -> Result<Option<OptIn>, SendError> {
        let Addressee { attendee, registration, transport, .. } = *to;
        let (title, owner) = (&attendee.title, registration.owner.clone());
        let token = OptInToken {
            contact: contact.clone(),
            registration: RegistrationKey { attendee: attendee.key(), owner: owner.clone() },
        };
        let link = self.links.registration_opt_in(&token);
        match transport {
            Transport::Email(mailer, to) => {
                let email = self.texts.opt_in_email(title, attendee.name.as_str(), link.as_str());
                let id = format!("confirm:{}:{owner}:{}", contact.as_str(), now.as_millis());
                let (contact, to) = (contact.clone(), to.to_owned());
                let (subject, body) = (email.subject, email.body);
                let request = Mail { id, contact, to, subject, body, unsubscribe: None };
                let asked = match ask {
                    Ask::First => mailer.request_opt_in(&request).await?,
                    Ask::Further => mailer.request_further_opt_in(&request).await.map(|()| Asked::WithLink)?,
                };
                let scope = Scope::ConfirmedRegistrationsAnd(RegistrationTag::of(&owner));
                Ok((asked == Asked::ByProvider).then_some(OptIn::Confirmed(scope)))
            }
            Transport::Webhook(caller, to) => {
                let token = ContactToken::sign(contact, &self.links.token_secret);
                caller.request_opt_in(contact, &parse_webhook_url(to)?, &token).await
            }
            Transport::Sms(sms_sender, _, to) => {
                let mut body = self.texts.opt_in_sms(title, link.as_str());
                if !body.ends_with(link.as_str()) {
                    // The names of event and attendee are too long for a text message. This link does not contain them.
                    body = self.texts.opt_in_sms(title, self.links.opt_in(contact).as_str());
                }
                sms_sender.request_opt_in(&Sms { to: to.to_owned(), body }).await
            }
        }
    }
}

/// Takes back an opt-in request that was certainly not sent. A call of a webhook still counts: strangers choose the server,
/// and it could refuse any number of them.
pub(super) async fn refund_opt_in(transport: Transport<'_>, charges: Charges<'_>) {
    if !matches!(transport, Transport::Webhook(..)) {
        charges.refund().await;
    }
}

/// Turns a failure into one that defers the notifications of this recipient only. `Unavailable` would also delay those of
/// other recipients.
pub(super) fn only_this_recipient(failure: SendError) -> SendError {
    match failure {
        SendError::Unavailable(unavailable) | SendError::NotSent(unavailable) => {
            SendError::RecipientUnavailable(unavailable)
        }
        failure => failure,
    }
}
