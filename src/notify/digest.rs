//! Tells one contact what an event has announced since the contact was told last.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::message_attempt::Outcome;
use super::recent_news::{NewsKey, RecentNews};
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::contact_id::ContactId;
use crate::domain::digest::MAX_LEAD;
use crate::domain::event_news::EventNews;
use crate::domain::notification::{Notification, Recipient};
use crate::domain::outbox_message::{DigestDelivery, DigestRecipient};
use crate::domain::registration::Registration;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::{View, Viewer};
use crate::domain::worker_id;
use crate::ports::{
    Announcements, Claimed, Events, LastAttempt, Notified, Notifier, ReadError, Roster, SendError, StoredDetails,
    Unavailable, WatermarkClaim, WatermarkKey, WatermarkRecipient, Watermarks,
};

/// Announcements that are read together.
const PAGE: usize = 50;

/// Sends digests. Any number of processes can do this at once.
pub struct DigestSender<'a> {
    pub roster: &'a dyn Roster,
    /// Without a cache, since the event may have been deleted just now.
    pub events: &'a dyn Events,
    pub announcements: &'a dyn Announcements,
    pub watermarks: &'a dyn Watermarks,
    pub notifier: &'a dyn Notifier,
    /// How long nobody else tells the same contact about the same event if this worker stops. It is longer than sending a
    /// notification takes.
    pub claim_duration: Duration,
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// Initially empty.
    pub recent: RecentNews,
}

/// What attendees who share a contact get.
struct Copy<'a> {
    delivery: &'a DigestDelivery,
    to: WatermarkRecipient,
    /// The one whose registration is the oldest comes first. Nobody for the subscribers who follow all events.
    attendees: Vec<&'a Attendee>,
    view: View,
}

impl Copy<'_> {
    fn mailbox(&self) -> Option<&ContactId> {
        match &self.to {
            WatermarkRecipient::Mailbox(mailbox) => Some(mailbox),
            WatermarkRecipient::Everybody | WatermarkRecipient::Seat(_) => None,
        }
    }
}

impl<'a> DigestSender<'a> {
    /// Sends what this storage backend has announced.
    pub fn of<T: Roster + Events + Announcements + Watermarks>(
        backend: &'a T,
        notifier: &'a dyn Notifier,
        claim_duration: Duration,
        clock: &'a (dyn Fn() -> Timestamp + Sync),
    ) -> Self {
        let (roster, events, announcements, watermarks) = (backend, backend, backend, backend);
        let recent = RecentNews::default();
        Self { roster, events, announcements, watermarks, notifier, claim_duration, clock, recent }
    }
}

impl DigestSender<'_> {
    /// Tells a recipient everything that the event has announced since the recipient was told last. Says nothing twice, unless
    /// a worker stops between sending a notification and storing that it did.
    /// `interrupted_since` is a time that is not later than the beginning of an earlier attempt that was interrupted.
    pub async fn send(
        &self,
        delivery: &DigestDelivery,
        interrupted_since: Option<Timestamp>,
    ) -> Result<Outcome, SendError> {
        let stored = self.events.stored(&delivery.event).await.map_err(SendError::NotSent)?;
        if let StoredDetails::Damaged(cause) = stored {
            return Err(SendError::NotSent(ReadError::Damaged(cause).into()));
        }
        let names = match &delivery.to {
            DigestRecipient::Attendees(names) => names,
            DigestRecipient::Everybody => {
                let (to, attendees) = (WatermarkRecipient::Everybody, Vec::new());
                let copy = Copy { delivery, to, attendees, view: stored.view(Viewer::Public) };
                return Ok(self.send_copy(&copy).await.unwrap_or_else(Outcome::of_watermarked_failure));
            }
        };
        // A failure for one of them does not affect the others.
        let (mut attendees, mut total) = (Vec::new(), Outcome::Finished);
        for name in names {
            match self.recipient(delivery, name, &stored, interrupted_since).await {
                Ok(attendee) => attendees.extend(attendee),
                Err(failure) => total = total.and(Outcome::of_failure(failure)),
            }
        }
        // They had one mailbox when the event announced it, but one of them may have changed the contact since.
        let mut by_mailbox: BTreeMap<ContactId, Vec<&Attendee>> = BTreeMap::new();
        for attendee in &attendees {
            if let Some(mailbox) = self.notifier.mailbox(attendee) {
                by_mailbox.entry(mailbox).or_default().push(attendee);
            }
        }
        for (mailbox, mut attendees) in by_mailbox {
            attendees.sort_by_key(|attendee| attendee.registration().map(|registration| registration.since));
            let (to, view) = (WatermarkRecipient::Mailbox(mailbox), stored.view(Viewer::Attendee));
            let sent = self.send_copy(&Copy { delivery, to, attendees, view }).await;
            total = total.and(sent.unwrap_or_else(Outcome::of_watermarked_failure));
        }
        Ok(total)
    }

    /// Returns the attendee with this name if they still are on the roster and may get notifications. A registration that began
    /// after the announcement is another one than the message is for.
    async fn recipient(
        &self,
        delivery: &DigestDelivery,
        name: &NameKey,
        stored: &StoredDetails,
        interrupted_since: Option<Timestamp>,
    ) -> Result<Option<Attendee>, SendError> {
        let key = AttendeeKey { event: delivery.event.clone(), name: name.clone() };
        let Some(attendee) = self.roster.attendee(&key).await.map_err(SendError::NotSent)? else { return Ok(None) };
        let now = (self.clock)();
        let is_for = |registration: &Registration| {
            registration.wants_messages() && plausible(registration.since, delivery, now) < delivery.announced_at
        };
        let is_recipient = attendee.registration().is_some_and(is_for) && !stored.is_void(attendee.newest.requested_at);
        if !is_recipient {
            return Ok(None);
        }
        match self.notifier.is_permitted(&attendee, now, interrupted_since).await {
            Ok(is_permitted) => Ok(is_permitted.then_some(attendee)),
            // The owner could not be asked. The opt-in request has a message of its own, which is tried again.
            Err(SendError::RecipientUnavailable(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn send_copy(&self, copy: &Copy<'_>) -> Result<Outcome, SendError> {
        let now = (self.clock)();
        let key = WatermarkKey { event: copy.delivery.event.clone(), recipient: copy.to.clone() };
        let claim = WatermarkClaim { key, holder: worker_id::random(), ends_at: now.plus(self.claim_duration) };
        let Claimed::Granted { told_until, is_in_doubt } = self.watermarks.claim(&claim, now).await? else {
            return Ok(Outcome::Deferred {
                last_attempt: LastAttempt::Resolved,
                reason: "another message about the event is on its way to this contact".to_owned(),
            });
        };
        let sent = self.send_claimed(copy, told_until, is_in_doubt, now).await;
        let told_until = sent.as_ref().map(|(_, told_until)| *told_until);
        settle(self.watermarks, &claim, told_until, is_in_doubt, (self.clock)()).await?;
        sent.map(|(outcome, _)| outcome)
    }

    /// Sends a copy, and returns the last announcement that its recipients were told. It is `None` if they were told nothing
    /// new.
    async fn send_claimed(
        &self,
        copy: &Copy<'_>,
        told_until: Option<Timestamp>,
        is_in_doubt: bool,
        now: Timestamp,
    ) -> Result<(Outcome, Option<Timestamp>), SendError> {
        let news = self.news(copy, told_until, now).await?;
        let Some(latest_at) = news.latest_at() else { return Ok((Outcome::Finished, None)) };
        let announcement = match copy.attendees[..] {
            [] => news.for_everybody(is_in_doubt),
            _ => news.for_attendees(&copy.attendees, copy.mailbox(), is_in_doubt),
        };
        let Some(announcement) = announcement else { return Ok((Outcome::Finished, Some(latest_at))) };
        let to = match copy.attendees.first() {
            Some(attendee) => Recipient::Attendee(Box::new((*attendee).clone())),
            None => Recipient::Everybody,
        };
        let notification =
            Notification { id: notification_id(copy, latest_at), to, announcement, at: now, is_in_doubt };
        Ok(match self.notifier.notify(&notification).await? {
            Notified::Sent => (Outcome::Delivered, Some(latest_at)),
            Notified::NotWanted => (Outcome::Finished, None),
        })
    }

    /// Reads what the event has announced since the recipients were told last.
    async fn news(
        &self,
        copy: &Copy<'_>,
        told_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Arc<EventNews>, SendError> {
        let delivery = copy.delivery;
        let began_at = copy.attendees.first().and_then(|attendee| Some(attendee.registration()?.since));
        let after = [told_until, began_at].into_iter().flatten().map(|at| plausible(at, delivery, now)).max();
        let after = after.unwrap_or(Timestamp::EARLIEST);
        let key = NewsKey { event: delivery.event.clone(), after, view: copy.view };
        let recent = self.recent.get(&key, delivery.announced_at).filter(|_| delivery.owed_since > after);
        if let Some(news) = recent {
            return Ok(news);
        }
        let attendee = copy.attendees.first().map(|attendee| attendee.name.key());
        // Watermarks do not record what is owed from an earlier version, so it is looked for from its beginning.
        let mut read_after = after.min(delivery.owed_since.minus(Duration::from_millis(1)));
        let (mut news, mut is_for_all) = (EventNews::default(), true);
        loop {
            let page = self.announcements.after(&delivery.event, attendee, read_after, PAGE).await;
            let page = page.map_err(SendError::NotSent)?;
            for announcement in &page {
                read_after = announcement.at;
                // Others may be stored for some attendees only.
                is_for_all &= announcement.has_watermarks;
                // A time far ahead comes from a clock that was wrong.
                let is_plausible = announcement.at == delivery.announced_at || announcement.at.since(now) <= MAX_LEAD;
                let is_owed = match announcement.has_watermarks {
                    true => announcement.at > after,
                    false => announcement.at >= delivery.owed_since,
                };
                if is_plausible && is_owed {
                    news.add(announcement, copy.view);
                }
            }
            if page.len() < PAGE {
                break;
            }
        }
        let news = Arc::new(news);
        if is_for_all {
            self.recent.keep(key, &news);
        }
        Ok(news)
    }
}

/// Stores until when an attempt told its recipients what there is to tell, and gives the claim back. `told_until` is `None` if they
/// were told nothing new.
pub(super) async fn settle(
    watermarks: &dyn Watermarks,
    claim: &WatermarkClaim,
    told_until: Result<Option<Timestamp>, &SendError>,
    is_in_doubt: bool,
    now: Timestamp,
) -> Result<(), Unavailable> {
    let last_attempt = match told_until {
        Ok(Some(told_until)) => return watermarks.advance(claim, told_until).await,
        Err(SendError::Unavailable(_) | SendError::RecipientUnavailable(_)) => LastAttempt::Unresolved,
        // It still is not known what an earlier attempt told.
        Ok(None) | Err(SendError::NotSent(_) | SendError::LimitReached(_) | SendError::Rejected(_)) if is_in_doubt => {
            LastAttempt::Unresolved
        }
        Ok(None) | Err(SendError::NotSent(_) | SendError::LimitReached(_) | SendError::Rejected(_)) => {
            LastAttempt::Resolved
        }
    };
    watermarks.release(claim, last_attempt, now).await
}

/// Returns a time of which the announcements after it are owed. One far ahead comes from a clock that was wrong. Later
/// announcements have earlier times, so this one is owed.
fn plausible(at: Timestamp, delivery: &DigestDelivery, now: Timestamp) -> Timestamp {
    if at.since(now) > MAX_LEAD { delivery.announced_at.minus(Duration::from_millis(1)) } else { at }
}

/// The same when the same announcements are sent again. ASCII and short, since it is part of headers.
fn notification_id(copy: &Copy<'_>, latest_at: Timestamp) -> String {
    let mut hash = Sha256::new();
    // None of these can contain a line break.
    for part in [copy.delivery.event.as_str(), copy.to.as_str()] {
        hash.update(part);
        hash.update("\n");
    }
    format!("{}-{}", latest_at.as_millis(), URL_SAFE_NO_PAD.encode(&hash.finalize()[..16]))
}
