//! Sends notifications to contacts that have opted in. Each notification contains the recipient's manage link.

mod addressee;
mod budget;
mod digest;
mod further_opt_in;
mod limits;
pub mod links;
mod message_attempt;
mod opt_in;
mod opt_ins_in_flight;
mod outbox;
mod recent_news;
mod resend_link;
mod seat_news;
mod sms_limits;
pub mod text;

pub use self::budget::Usage;
pub use self::digest::DigestSender;
pub use self::limits::Limits;
pub use self::message_attempt::{EXPIRES_AFTER, MessageSender, Outcome, SendMessage, Settlement, attempt};
pub use self::opt_in::Attempt;
pub use self::opt_ins_in_flight::OptInsInFlight;
pub use self::outbox::{CLAIM_DURATION, OutboxSender};
pub use self::recent_news::RecentNews;
pub use self::sms_limits::{InvalidSmsHours, SmsHours, SmsLimits, SmsUsage};

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use url::Url;

use self::addressee::{Addressee, Transport};
use self::budget::{Charges, NotCharged};
use self::opt_in::Permission;
use self::sms_limits::SmsPurpose;
use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::contact_id::ContactId;
use crate::domain::limit::Limit;
use crate::domain::new_event_id::is_unlisted;
use crate::domain::notification::{Notification, Recipient};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::formats::cloud_event;
use crate::notify::links::Links;
use crate::notify::text::MessageTexts;
use crate::ports::{
    Broadcast, Broadcaster, Budgets, Contacts, Mail, Mailer, Meter, Notified, Notifier, SendError, Sms, SmsSender,
    Unavailable, WebhookCall, WebhookCaller,
};

/// Sends notifications, opt-in requests and manage links through the adapters of this deployment.
pub struct NotificationSender {
    pub texts: MessageTexts,
    pub links: Links,
    /// The key of the hash that identifies a contact where its address must not appear. Stored
    /// opt-ins are found by this hash, so the key must never change.
    pub contact_secret: Secret,
    pub contacts: Arc<dyn Contacts>,
    pub budgets: Arc<dyn Budgets>,
    pub limits: Limits,
    /// Shared by all tasks of this process. Initially empty.
    pub opt_ins_in_flight: OptInsInFlight,
    pub metrics: Arc<dyn Meter>,
    pub mailer: Option<Arc<dyn Mailer>>,
    pub webhook_caller: Option<Arc<dyn WebhookCaller>>,
    pub sms_sender: Option<Arc<dyn SmsSender>>,
    pub broadcaster: Option<Arc<dyn Broadcaster>>,
}

#[async_trait]
impl Notifier for NotificationSender {
    fn mailbox(&self, attendee: &Attendee) -> Option<ContactId> {
        let contact = attendee.registration()?.contact.as_ref()?;
        Some(ContactId::of_mailbox(contact, &self.contact_secret))
    }

    async fn is_permitted(
        &self,
        attendee: &Attendee,
        now: Timestamp,
        interrupted_since: Option<Timestamp>,
    ) -> Result<bool, SendError> {
        let Some(to) = self.addressee(attendee) else { return Ok(false) };
        let attempt = Attempt { now, unresolved_since: interrupted_since };
        match self.check_or_request_opt_in(&to, attempt).await? {
            Permission::Granted => Ok(true),
            // The request of the interrupted attempt may not have been sent, so its time must not be forgotten.
            Permission::RequestDeferred if interrupted_since.is_some() => Err(SendError::Unavailable(Unavailable {
                doing: "sending an opt-in request",
                cause: "a limit, or a request to the same mailbox, defers it".to_owned(),
            })),
            Permission::Denied | Permission::RequestDeferred => Ok(false),
        }
    }

    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        match &notification.to {
            Recipient::Everybody => self.broadcast(notification).await,
            Recipient::Attendee(attendee) => {
                let Some(to) = self.addressee(attendee) else { return Ok(Notified::NotWanted) };
                self.send(notification, &to).await?;
                Ok(Notified::Sent)
            }
        }
    }
}

impl NotificationSender {
    async fn send(&self, notification: &Notification, to: &Addressee<'_>) -> Result<(), SendError> {
        let Addressee { attendee, contact, transport, .. } = *to;
        let announcement = &notification.announcement;
        let manage_link = self
            .links
            .manage(attendee)
            .ok_or_else(|| SendError::Rejected("the recipient's registration has ended".to_owned()))?;
        let id = notification.id.clone();
        let contact = ContactId::of(contact, &self.contact_secret);
        let charges = match self.charge_digest(to, notification).await {
            Ok(charges) => charges,
            Err(NotCharged::Unavailable(unavailable)) => return Err(SendError::NotSent(unavailable)),
            Err(NotCharged::LimitReached(limit)) => {
                self.record_suppressed(limit);
                return Err(SendError::LimitReached(limit));
            }
        };
        let sent = match transport {
            Transport::Email(mailer, to) => {
                let email = self.texts.announcement_email(announcement, manage_link.as_str());
                let unsubscribe = Some(self.links.opt_in(&contact));
                let (subject, body) = (email.subject, email.body);
                mailer.send(&Mail { id, contact, to: to.to_owned(), subject, body, unsubscribe }).await
            }
            Transport::Webhook(caller, to) => {
                let body = self.cloud_event(notification, Some(&manage_link)).to_string();
                caller.call(&WebhookCall { id, contact, to: parse_webhook_url(to)?, body }).await
            }
            Transport::Sms(sms_sender, _, to) => {
                let body = self.texts.announcement_sms(announcement, manage_link.as_str());
                sms_sender.send(&Sms { to: to.to_owned(), body }).await
            }
        };
        if matches!(sent, Err(SendError::NotSent(_) | SendError::Rejected(_))) {
            charges.refund().await;
        }
        sent
    }

    /// Counts a digest in the budgets that apply to it. A webhook has none: it is a program. If the mailbox may have got this
    /// digest before, it was counted then.
    async fn charge_digest(
        &self,
        &Addressee { contact, transport, .. }: &Addressee<'_>,
        notification: &Notification,
    ) -> Result<Charges<'_>, NotCharged> {
        let now = notification.at;
        let mut charges = Charges::new(&*self.budgets);
        if matches!(transport, Transport::Webhook(..)) {
            return Ok(charges);
        }
        let mut charged = match transport {
            Transport::Sms(_, sms, _) => sms.charge(SmsPurpose::Digest, &mut charges, now).await,
            Transport::Email(..) | Transport::Webhook(..) => Ok(()),
        };
        if charged.is_ok() && !notification.is_in_doubt {
            let mailbox = ContactId::of_mailbox(contact, &self.contact_secret);
            charged = self.limits.charge_digest(&mailbox, &mut charges, now).await;
        }
        charges.if_all(charged).await
    }

    fn record_suppressed(&self, limit: Limit) {
        tracing::info!(limit = limit.as_str(), "message not sent: a limit is reached");
        self.metrics.suppressed(limit);
    }

    async fn broadcast(&self, notification: &Notification) -> Result<Notified, SendError> {
        let announcement = &notification.announcement;
        let Some(broadcaster) = self.broadcaster.as_ref().filter(|_| !is_unlisted(&announcement.event)) else {
            return Ok(Notified::NotWanted);
        };
        let broadcast = Broadcast {
            id: notification.id.clone(),
            event: announcement.event.clone(),
            kind: broadcast_kind(announcement),
            cloud_event: self.cloud_event(notification, None).to_string(),
            text: self.texts.announcement_line(announcement),
        };
        broadcaster.broadcast(&broadcast).await.map(|()| Notified::Sent)
    }

    fn cloud_event(&self, notification: &Notification, manage_link: Option<&Url>) -> Value {
        let announcement = &notification.announcement;
        let (source, text) = (self.links.event(&announcement.event), self.texts.announcement_line(announcement));
        cloud_event::announcement(&notification.id, &source, announcement, &text, manage_link, notification.at)
    }
}

/// The value of the message attribute by which subscribers of a broadcast filter.
fn broadcast_kind(announcement: &Announcement) -> &'static str {
    let joined = !announcement.joined.is_empty() || announcement.others.joined > 0;
    let left = !announcement.left.is_empty() || announcement.others.left > 0;
    match (joined, left) {
        (true, true) => "both",
        (false, true) => "left",
        _ => "joined",
    }
}

/// Parses the URL of a stored webhook. It was checked at sign-up, so an error is not expected.
fn parse_webhook_url(text: &str) -> Result<Url, SendError> {
    Url::parse(text).map_err(|_| SendError::Rejected("the stored webhook URL is invalid".to_owned()))
}
