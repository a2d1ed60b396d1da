//! Finds the adapter that reaches the contact of a registration.

use super::{NotificationSender, SmsLimits};
use crate::domain::attendee::Attendee;
use crate::domain::contact::Contact;
use crate::domain::registration::Registration;
use crate::ports::{Mailer, SmsSender, WebhookCaller};

/// The adapter for a contact, with the contact's address.
#[derive(Clone, Copy)]
pub(super) enum Transport<'a> {
    Email(&'a dyn Mailer, &'a str),
    Webhook(&'a dyn WebhookCaller, &'a str),
    Sms(&'a dyn SmsSender, &'a SmsLimits, &'a str),
}

/// A registration with a contact that this deployment can reach.
#[derive(Clone, Copy)]
pub(super) struct Addressee<'a> {
    pub attendee: &'a Attendee,
    pub registration: &'a Registration,
    pub contact: &'a Contact,
    pub transport: Transport<'a>,
}

impl NotificationSender {
    /// Returns the registration and contact of an attendee, or `None` if messages cannot reach the attendee.
    pub(super) fn addressee<'a>(&'a self, attendee: &'a Attendee) -> Option<Addressee<'a>> {
        let registration = attendee.registration()?;
        let contact = registration.contact.as_ref()?;
        Some(Addressee { attendee, registration, contact, transport: self.transport_to(contact)? })
    }

    /// Returns `None` if this deployment has no adapter for the contact, or if text messages may not be sent to the number.
    fn transport_to<'a>(&'a self, contact: &'a Contact) -> Option<Transport<'a>> {
        match contact {
            Contact::Email(address) => Some(Transport::Email(&**self.mailer.as_ref()?, address)),
            Contact::Webhook(url) => Some(Transport::Webhook(&**self.webhook_caller.as_ref()?, url)),
            Contact::Sms(number) => {
                let (sms_sender, limits) = self.sms_sender.as_ref().zip(self.limits.sms.as_ref())?;
                if let Some(limit) = limits.limit_on(number) {
                    self.record_suppressed(limit);
                    return None;
                }
                Some(Transport::Sms(&**sms_sender, limits, number))
            }
        }
    }
}
