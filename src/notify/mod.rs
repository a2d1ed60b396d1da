//! Brings notifications to people: in words, with their own link, at addresses whose owners have said yes.

mod budget;
mod limits;
mod link_again;
pub mod links;
mod opt_in;
mod sms_limits;
pub mod text;

pub use self::budget::Usage;
pub use self::limits::Limits;
pub use self::opt_in::Asking;
pub use self::sms_limits::{InvalidSmsHours, SmsHours, SmsLimits, SmsUsage};

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use url::Url;

use self::budget::{Admission, Charge};
use self::sms_limits::SmsPurpose;
use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::change::Change;
use crate::domain::contact::Contact;
use crate::domain::limit::Limit;
use crate::domain::notification::{Notification, Recipient};
use crate::domain::opt_in::ContactId;
use crate::domain::registration::RegistrationKey;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::formats::cloud_event;
use crate::notify::links::Links;
use crate::notify::text::MessageTexts;
use crate::ports::{
    Broadcast, Broadcaster, Budgets, Call, Contacts, Inbox, InboxMessage, Mail, Mailer, Meter, Notified, Notifier,
    SendError, SmsSender, Text, WebhookCaller,
};

/// Questions and links on their way at once.
const ANSWERS_AT_ONCE: usize = 16;

pub struct NotificationSender {
    pub words: MessageTexts,
    pub links: Links,
    /// Tells addresses apart without naming them; it must never change.
    pub contact_secret: Secret,
    pub contacts: Arc<dyn Contacts>,
    pub budgets: Arc<dyn Budgets>,
    pub limits: Limits,
    /// Begins empty.
    pub asking: Asking,
    pub metrics: Arc<dyn Meter>,
    pub inbox: Option<Arc<dyn Inbox>>,
    pub mailer: Option<Arc<dyn Mailer>>,
    pub caller: Option<Arc<dyn WebhookCaller>>,
    pub sms_sender: Option<Arc<dyn SmsSender>>,
    pub broadcaster: Option<Arc<dyn Broadcaster>>,
}

/// An address, and who can bring something there.
#[derive(Clone, Copy)]
enum Way<'a> {
    Mail(&'a dyn Mailer, &'a str),
    Call(&'a dyn WebhookCaller, &'a str),
    Text(&'a dyn SmsSender, &'a SmsLimits, &'a str),
}

#[async_trait]
impl Notifier for NotificationSender {
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        let attendee = match &notification.to {
            Recipient::Attendee(attendee) => attendee,
            Recipient::Everybody => return self.broadcast(notification).await,
        };
        let Some(registration) = attendee.registration() else { return Ok(Notified::NotWanted) };
        // What is kept to be read again has reached the recipient.
        let kept = if self.inbox.is_some() { Notified::Sent } else { Notified::NotWanted };
        if let Some(inbox) = &self.inbox {
            let key = RegistrationKey { attendee: attendee.key(), owner: registration.owner.clone() };
            let text = self.words.line(&notification.announcement);
            inbox.keep(&key, InboxMessage { id: notification.id.clone(), at: notification.at, text }).await?;
        }
        let wanted = registration.contact.as_ref().filter(|_| registration.notify);
        let Some((contact, way)) = wanted.and_then(|contact| Some((contact, self.way(contact)?))) else {
            return Ok(kept);
        };
        if self.has_opted_in(contact, way, &attendee.title, notification.at).await? {
            self.bring(notification, attendee, contact, way).await?;
            return Ok(Notified::Sent);
        }
        Ok(kept)
    }
}

impl NotificationSender {
    /// Asks the owners of new addresses, and sends links to whoever asked for theirs, as long as `go_on` tells the time;
    /// how many changes from the first are dealt with.
    pub async fn answer(&self, changes: &[Change], go_on: &(dyn Fn() -> Option<Timestamp> + Sync)) -> usize {
        let wanted = changes.iter().enumerate().filter(|(_, change)| change.wants_an_answer());
        let answers = wanted.map(|(place, change)| async move {
            let Some(now) = go_on() else { return place };
            self.welcome(change, now).await;
            self.send_link_again(change, now).await;
            changes.len()
        });
        let answers: Vec<_> = answers.collect();
        stream::iter(answers)
            .buffer_unordered(ANSWERS_AT_ONCE)
            .fold(changes.len(), async |least, place| least.min(place))
            .await
    }

    /// None where this home has no way there, or may not use it.
    fn way<'a>(&'a self, contact: &'a Contact) -> Option<Way<'a>> {
        match contact {
            Contact::Email(address) => Some(Way::Mail(&**self.mailer.as_ref()?, address)),
            Contact::Webhook(address) => Some(Way::Call(&**self.caller.as_ref()?, address)),
            Contact::Sms(number) => {
                let (sms_sender, limits) = self.sms_sender.as_ref().zip(self.limits.sms.as_ref())?;
                if !limits.allows(number) {
                    self.suppressed(Limit::CallingCodes);
                    return None;
                }
                Some(Way::Text(&**sms_sender, limits, number))
            }
        }
    }

    async fn bring(
        &self,
        notification: &Notification,
        attendee: &Attendee,
        contact: &Contact,
        way: Way<'_>,
    ) -> Result<(), SendError> {
        let announcement = &notification.announcement;
        let manage = self.links.manage(attendee).ok_or_else(|| SendError::Rejected("the stay is over".to_owned()))?;
        let id = notification.id.clone();
        let contact = ContactId::of(contact, &self.contact_secret);
        match way {
            Way::Mail(mailer, to) => {
                let words = self.words.email(announcement, manage.as_str());
                let unsubscribe = Some(self.links.opt_in(&contact));
                let (subject, body) = (words.subject, words.body);
                mailer.mail(&Mail { id, contact, to: to.to_owned(), subject, body, unsubscribe }).await
            }
            Way::Call(caller, to) => {
                let body = self.cloud_event(notification, Some(&manage)).to_string();
                caller.call(&Call { id, contact, to: address(to)?, body }).await
            }
            Way::Text(sms_sender, limits, to) => {
                self.spend_text(SmsPurpose::Digest, limits, notification.at).await?;
                let body = self.words.sms(announcement, manage.as_str());
                sms_sender.text(&Text { to: to.to_owned(), body }).await
            }
        }
    }

    async fn spend_text(&self, purpose: SmsPurpose, limits: &SmsLimits, now: Timestamp) -> Result<(), SendError> {
        match limits.admit(purpose, Charge::One, &*self.budgets, now).await? {
            Admission::Allowed => Ok(()),
            Admission::Suppressed(limit) => {
                self.suppressed(limit);
                Err(SendError::Rejected(format!("text message suppressed by the limit {}", limit.as_str())))
            }
        }
    }

    fn suppressed(&self, limit: Limit) {
        tracing::info!(limit = limit.as_str(), "message suppressed by a limit");
        self.metrics.suppressed(limit);
    }

    async fn broadcast(&self, notification: &Notification) -> Result<Notified, SendError> {
        let Some(broadcaster) = &self.broadcaster else { return Ok(Notified::NotWanted) };
        let announcement = &notification.announcement;
        let broadcast = Broadcast {
            id: notification.id.clone(),
            event: announcement.event.clone(),
            kind: kind(announcement),
            cloud_event: self.cloud_event(notification, None).to_string(),
            text: self.words.line(announcement),
        };
        broadcaster.broadcast(&broadcast).await.map(|()| Notified::Sent)
    }

    fn cloud_event(&self, notification: &Notification, manage: Option<&Url>) -> Value {
        let announcement = &notification.announcement;
        let (source, text) = (self.links.event(&announcement.event), self.words.line(announcement));
        cloud_event::announcement(&notification.id, &source, announcement, &text, manage, notification.at)
    }
}

fn kind(announcement: &Announcement) -> &'static str {
    let joined = !announcement.joined.is_empty() || announcement.others.joined > 0;
    let left = !announcement.left.is_empty() || announcement.others.left > 0;
    match (joined, left) {
        (true, true) => "both",
        (false, true) => "left",
        _ => "joined",
    }
}

/// A webhook's address as the library wants it, which has parsed it once before.
fn address(text: &str) -> Result<Url, SendError> {
    Url::parse(text).map_err(|_| SendError::Rejected("the webhook's address is damaged".to_owned()))
}
