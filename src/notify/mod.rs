//! Sends notifications to contacts that have opted in. Each notification contains the recipient's manage link.

mod addressee;
mod budget;
mod further_opt_in;
mod limits;
pub mod links;
mod opt_in;
mod opt_ins_in_flight;
mod outbox;
mod resend_link;
mod sms_limits;
pub mod text;

pub use self::budget::Usage;
pub use self::limits::Limits;
pub use self::opt_ins_in_flight::OptInsInFlight;
pub use self::outbox::{OutboxSender, SentMessages};
pub use self::sms_limits::{InvalidSmsHours, SmsHours, SmsLimits, SmsUsage};

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use url::Url;

use self::addressee::{Addressee, Transport};
use self::budget::{Admission, Charge};
use self::opt_in::{Attempt, Permission};
use self::sms_limits::SmsPurpose;
use crate::domain::announcement::Announcement;
use crate::domain::change::Change;
use crate::domain::contact_id::ContactId;
use crate::domain::direct_message::DirectMessage;
use crate::domain::limit::Limit;
use crate::domain::new_event_id::is_unlisted;
use crate::domain::notification::{Notification, Recipient};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::Viewer;
use crate::formats::cloud_event;
use crate::notify::links::Links;
use crate::notify::text::MessageTexts;
use crate::ports::{
    Broadcast, Broadcaster, Budgets, Contacts, Events, Mail, Mailer, Meter, Notified, Notifier, ReadError, SendError,
    Sms, SmsSender, StoredDetails, WebhookCall, WebhookCaller,
};

/// Changes whose direct messages are sent concurrently.
const MAX_CONCURRENT_DIRECT_MESSAGES: usize = 16;

/// Sends notifications, opt-in requests and manage links through the adapters of this deployment.
pub struct NotificationSender {
    pub texts: MessageTexts,
    pub links: Links,
    /// The key of the hash that identifies a contact where its address must not appear. Stored
    /// opt-ins are found by this hash, so the key must never change.
    pub contact_secret: Secret,
    pub contacts: Arc<dyn Contacts>,
    pub events: Arc<dyn Events>,
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
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        let Some(notification) = self.as_visible(notification).await? else { return Ok(Notified::NotWanted) };
        let notification = &notification;
        let attendee = match &notification.to {
            Recipient::Attendee(attendee) => attendee,
            Recipient::Everybody => return self.broadcast(notification).await,
        };
        let Some(registration) = attendee.registration() else { return Ok(Notified::NotWanted) };
        if !registration.wants_messages() {
            return Ok(Notified::NotWanted);
        }
        let Some(to) = self.addressee(attendee) else { return Ok(Notified::NotWanted) };
        match self.check_or_request_opt_in(&to, Attempt::first(notification.at)).await? {
            Permission::Granted => {
                self.send(notification, &to).await?;
                Ok(Notified::Sent)
            }
            Permission::Denied | Permission::RequestHeldBack => Ok(Notified::NotWanted),
        }
    }
}

impl NotificationSender {
    /// Sends the direct messages for a batch of changes: opt-in requests to new contacts, and manage links that were
    /// requested again. Once `now_unless_stopped` returns `None`, no further change is processed.
    ///
    /// Returns the number of changes before the first change that was not processed.
    pub async fn send_direct_messages(
        &self,
        changes: &[Change],
        now_unless_stopped: &(dyn Fn() -> Option<Timestamp> + Sync),
    ) -> usize {
        let of_attendees = changes.iter().enumerate().filter_map(|(index, change)| Some((index, change.attendee()?)));
        let with_messages = of_attendees.filter(|(_, change)| change.needs_reply());
        let sends = with_messages.map(|(index, change)| async move {
            let Some(now) = now_unless_stopped() else { return index };
            let Some(attendee) = &change.new else { return changes.len() };
            for DirectMessage { kind, .. } in DirectMessage::after(change) {
                let attempt = Attempt::first(now);
                // An opt-in request is sent before the next notification then, and a link can be requested again.
                if let Err(failure) = self.try_direct_message(kind, attendee, attempt).await {
                    tracing::warn!(%failure, ?kind, "direct message failed");
                }
            }
            changes.len()
        });
        let sends: Vec<_> = sends.collect();
        stream::iter(sends)
            .buffer_unordered(MAX_CONCURRENT_DIRECT_MESSAGES)
            .fold(changes.len(), async |processed, index| processed.min(index))
            .await
    }

    /// Returns what the recipient may see of a notification, or `None` if it is nothing.
    async fn as_visible(&self, notification: &Notification) -> Result<Option<Notification>, SendError> {
        let event = &notification.announcement.event;
        let viewer = match &notification.to {
            Recipient::Attendee(_) => Viewer::Attendee,
            Recipient::Everybody if is_unlisted(event) => return Ok(None),
            Recipient::Everybody => Viewer::Public,
        };
        let stored = self.events.stored(event).await.map_err(SendError::NotSent)?;
        if let StoredDetails::Damaged(cause) = stored {
            return Err(SendError::NotSent(ReadError::Damaged(cause).into()));
        }
        let visible = stored.view(viewer).of_announcement(notification.announcement.clone());
        Ok(visible.map(|announcement| {
            let Notification { id, to, at, .. } = notification;
            Notification { id: id.clone(), to: to.clone(), announcement, at: *at }
        }))
    }

    async fn send(&self, notification: &Notification, to: &Addressee<'_>) -> Result<(), SendError> {
        let Addressee { attendee, contact, transport, .. } = *to;
        let announcement = &notification.announcement;
        let manage_link = self
            .links
            .manage(attendee)
            .ok_or_else(|| SendError::Rejected("the recipient's registration has ended".to_owned()))?;
        let id = notification.id.clone();
        let contact = ContactId::of(contact, &self.contact_secret);
        match transport {
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
            Transport::Sms(sms_sender, limits, to) => {
                self.charge_sms(SmsPurpose::Digest, limits, notification.at).await?;
                let body = self.texts.announcement_sms(announcement, manage_link.as_str());
                let sent = sms_sender.send(&Sms { to: to.to_owned(), body }).await;
                if matches!(sent, Err(SendError::NotSent(_))) {
                    limits.refund(SmsPurpose::Digest, &*self.budgets, notification.at).await?;
                }
                sent
            }
        }
    }

    /// Counts a text message. Returns an error if a limit suppresses it.
    async fn charge_sms(&self, purpose: SmsPurpose, limits: &SmsLimits, now: Timestamp) -> Result<(), SendError> {
        match limits.admit(purpose, Charge::One, &*self.budgets, now).await? {
            Admission::Allowed => Ok(()),
            Admission::Suppressed(limit) => {
                self.record_suppressed(limit);
                Err(SendError::Rejected(format!("text message suppressed by the limit `{}`", limit.as_str())))
            }
        }
    }

    fn record_suppressed(&self, limit: Limit) {
        tracing::info!(limit = limit.as_str(), "message suppressed by a limit");
        self.metrics.suppressed(limit);
    }

    async fn broadcast(&self, notification: &Notification) -> Result<Notified, SendError> {
        let Some(broadcaster) = &self.broadcaster else { return Ok(Notified::NotWanted) };
        let announcement = &notification.announcement;
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
