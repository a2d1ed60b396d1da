//! The outbox, the announcements and the watermarks, and a provider that can fail.

use async_trait::async_trait;
use countmein::domain::attendee::Attendee;
use countmein::domain::attendee_name::NameKey;
use countmein::domain::contact_id::ContactId;
use countmein::domain::event::EventId;
use countmein::domain::event_announcement::EventAnnouncement;
use countmein::domain::notification::{Notification, Recipient};
use countmein::domain::outbox_message::{DigestDelivery, DigestRecipient, OutboxMessage};
use countmein::domain::signup::AttendeeKey;
use countmein::domain::timestamp::Timestamp;
use countmein::notify::{Attempt, Outcome, SendMessage};
use countmein::ports::{
    Announcements, Claimed, Deletion, Depth, Lane, LastAttempt, Notified, Notifier, Outbox, OutboxEntry, OutboxTable,
    Retry, SendError, Unavailable, WaitingMessage, WatermarkClaim, Watermarks,
};

use super::{Fault, Memory, State, contact_secret, failed};

/// They have the same mailbox.
pub const FAMILY: [&str; 2] = ["Finn", "Gia"];

/// A message in the outbox.
#[derive(Debug, Clone)]
pub struct Waiting {
    id: u64,
    message: OutboxMessage,
    first_at: Timestamp,
    pub due_at: Timestamp,
    attempts: u32,
    version: u64,
    is_claimed: bool,
}

/// What is stored about a recipient.
#[derive(Debug, Clone, Copy, Default)]
pub struct Watermark {
    told_until: Option<Timestamp>,
    claim: Option<(u64, Timestamp)>,
}

impl Memory {
    /// A call that writes. `effect` may happen twice.
    async fn write<T>(&self, mut effect: impl FnMut(&mut State) -> T) -> Result<T, Unavailable> {
        self.step().await;
        let fault = self.next_fault();
        if fault == Some(Fault::Refused) {
            return Err(failed());
        }
        let mut result = effect(&mut self.state());
        if fault == Some(Fault::Repeated) {
            result = effect(&mut self.state());
        }
        self.step().await;
        if fault == Some(Fault::AnswerLost) { Err(failed()) } else { Ok(result) }
    }

    /// A write of which the client repeats nothing by itself.
    async fn write_once<T>(&self, mut effect: impl FnMut(&mut State) -> T) -> Result<T, Unavailable> {
        self.step().await;
        let fault = self.next_fault();
        if fault == Some(Fault::Refused) {
            return Err(failed());
        }
        let result = effect(&mut self.state());
        self.step().await;
        if matches!(fault, Some(Fault::AnswerLost | Fault::Repeated)) { Err(failed()) } else { Ok(result) }
    }

    /// A write after which a notification may be repeated if it fails.
    async fn write_watermark<T>(&self, effect: impl FnMut(&mut State) -> T) -> Result<T, Unavailable> {
        let written = self.write(effect).await;
        self.state().may_repeat |= written.is_err();
        written
    }

    /// Delivers every message of the outbox twice, as a queue may, and in another order.
    pub fn duplicate_messages(&self) {
        let mut state = self.state();
        let mut copies = state.outbox.clone();
        for copy in &mut copies {
            state.messages += 1;
            copy.id = state.messages;
            copy.is_claimed = false;
        }
        state.outbox.extend(copies);
        state.outbox.reverse();
    }
}

#[async_trait]
impl Outbox for Memory {
    async fn put(&self, messages: Vec<OutboxMessage>, now: Timestamp) -> Result<(), Unavailable> {
        self.write(|state| {
            for message in &messages {
                state.put(message, now);
            }
        })
        .await
    }
}

impl State {
    fn put(&mut self, message: &OutboxMessage, now: Timestamp) {
        let is_same = |waiting: &&mut Waiting| waiting.message.attendee() == message.attendee();
        if !self.is_queue
            && let Some(waiting) = self.outbox.iter_mut().find(is_same)
        {
            waiting.version += 1;
            waiting.first_at = now;
            if waiting.is_claimed {
                waiting.due_at = waiting.due_at.min(now);
            }
            merge(&mut waiting.message, message);
            return;
        }
        self.messages += 1;
        let (id, message) = (self.messages, message.clone());
        self.outbox.push(Waiting {
            id,
            message,
            first_at: now,
            due_at: now,
            attempts: 0,
            version: 0,
            is_claimed: false,
        });
    }

    fn settle(&mut self, receipt: &str, settle: impl FnOnce(&mut Waiting) -> Kept) {
        let is_claimed = |waiting: &Waiting| format!("{}-{}", waiting.id, waiting.version) == receipt;
        if let Some(at) = self.outbox.iter().position(is_claimed)
            && settle(&mut self.outbox[at]) == Kept::No
        {
            self.outbox.remove(at);
        }
    }
}

#[derive(PartialEq, Eq)]
enum Kept {
    Yes,
    No,
}

/// A digest that waits becomes the later one.
fn merge(waiting: &mut OutboxMessage, later: &OutboxMessage) {
    if let (OutboxMessage::Digest(waiting), OutboxMessage::Digest(later)) = (waiting, later) {
        let announced_at = waiting.announced_at.max(later.announced_at);
        let owed_since = waiting.owed_since.min(later.owed_since);
        *waiting = DigestDelivery { announced_at, owed_since, ..later.clone() };
    }
}

#[async_trait]
impl OutboxTable for Memory {
    async fn depth(&self) -> Result<Depth, Unavailable> {
        unreachable!("the simulation lists no messages")
    }

    async fn waiting(&self, _: usize, _: Option<&str>) -> Result<Vec<WaitingMessage>, Unavailable> {
        unreachable!("the simulation lists no messages")
    }

    async fn retry(&self, _: &str, _: Timestamp) -> Result<Retry, Unavailable> {
        unreachable!("the simulation lists no messages")
    }

    async fn drop_message(&self, _: &str) -> Result<Deletion, Unavailable> {
        unreachable!("the simulation lists no messages")
    }

    async fn claim(
        &self,
        lane: Lane,
        limit: usize,
        now: Timestamp,
        claimed_until: Timestamp,
    ) -> Result<Vec<OutboxEntry>, Unavailable> {
        assert_eq!(lane, Lane::Digests);
        if self.state().outbox.iter().all(|waiting| waiting.due_at > now) {
            return Ok(Vec::new());
        }
        self.write(|state| {
            let mut due: Vec<&mut Waiting> = state.outbox.iter_mut().filter(|waiting| waiting.due_at <= now).collect();
            due.sort_by_key(|waiting| waiting.attempts > 0);
            due.truncate(limit);
            let claimed = due.into_iter().map(|waiting| {
                waiting.attempts += 1;
                waiting.version += 1;
                waiting.is_claimed = true;
                waiting.due_at = claimed_until;
                OutboxEntry {
                    message: waiting.message.clone(),
                    first_at: waiting.first_at,
                    attempts: waiting.attempts,
                    unresolved_since: None,
                    receipt: format!("{}-{}", waiting.id, waiting.version),
                }
            });
            claimed.collect()
        })
        .await
    }

    async fn finish(&self, entry: &OutboxEntry) -> Result<(), Unavailable> {
        self.write(|state| state.settle(&entry.receipt, |_| Kept::No)).await
    }

    async fn defer(&self, entry: &OutboxEntry, due_at: Timestamp, _: LastAttempt, _: &str) -> Result<(), Unavailable> {
        let defer = |waiting: &mut Waiting| {
            (waiting.due_at, waiting.is_claimed) = (due_at, false);
            Kept::Yes
        };
        self.write(|state| state.settle(&entry.receipt, defer)).await
    }

    async fn release(&self, entry: &OutboxEntry) -> Result<(), Unavailable> {
        let release = |waiting: &mut Waiting| {
            (waiting.due_at, waiting.is_claimed) = (waiting.first_at, false);
            Kept::Yes
        };
        self.write(|state| state.settle(&entry.receipt, release)).await
    }
}

#[async_trait]
impl Announcements for Memory {
    async fn latest(&self, _: &AttendeeKey, _: usize) -> Result<Vec<EventAnnouncement>, Unavailable> {
        unreachable!("the simulation reads the announcements itself")
    }

    async fn after(
        &self,
        event: &EventId,
        _: Option<&NameKey>,
        after: Timestamp,
        limit: usize,
    ) -> Result<Vec<EventAnnouncement>, Unavailable> {
        self.step().await;
        if matches!(self.next_fault(), Some(Fault::Refused | Fault::AnswerLost)) {
            return Err(failed());
        }
        let state = self.state();
        let of_event = state.announcements.iter().filter(|announcement| announcement.event == *event);
        let mut found: Vec<_> = of_event.filter(|announcement| announcement.at > after).cloned().collect();
        found.sort_by_key(|announcement| announcement.at);
        found.truncate(limit);
        Ok(found)
    }
}

#[async_trait]
impl Watermarks for Memory {
    async fn claim(&self, claim: &WatermarkClaim, now: Timestamp) -> Result<Claimed, Unavailable> {
        let claimed = self.write_once(|state| {
            let watermark = state.watermarks.entry(claim.key.clone()).or_default();
            let other = watermark.claim.filter(|(holder, _)| *holder != claim.holder);
            if other.is_some_and(|(_, ends_at)| ends_at > now) {
                return Claimed::Held;
            }
            watermark.claim = Some((claim.holder, claim.ends_at));
            Claimed::Granted { told_until: watermark.told_until, is_in_doubt: other.is_some() }
        });
        let claimed = claimed.await;
        self.state().may_repeat |= claimed.is_err();
        claimed
    }

    async fn advance(&self, claim: &WatermarkClaim, told_until: Timestamp) -> Result<(), Unavailable> {
        self.write_watermark(|state| {
            let watermark = state.watermarks.entry(claim.key.clone()).or_default();
            if watermark.claim.is_some_and(|(holder, _)| holder == claim.holder) {
                *watermark = Watermark { told_until: Some(told_until), claim: None };
            }
        })
        .await
    }

    async fn release(
        &self,
        claim: &WatermarkClaim,
        last_attempt: LastAttempt,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        self.write_watermark(|state| {
            let watermark = state.watermarks.entry(claim.key.clone()).or_default();
            if let Some((_, ends_at)) = watermark.claim.filter(|(holder, _)| *holder == claim.holder) {
                let ended = (claim.holder, ends_at.min(now));
                watermark.claim = (last_attempt == LastAttempt::Unresolved).then_some(ended);
            }
        })
        .await
    }
}

/// The name that stands for the mailbox of an attendee.
pub fn mailbox(name: &str) -> &str {
    if FAMILY.contains(&name) { "family" } else { name }
}

#[async_trait]
impl Notifier for Memory {
    fn mailbox(&self, attendee: &Attendee) -> Option<ContactId> {
        Some(ContactId::of_mailbox(attendee.registration()?.contact.as_ref()?, &contact_secret()))
    }

    async fn is_permitted(&self, _: &Attendee, _: Timestamp, _: Option<Timestamp>) -> Result<bool, SendError> {
        Ok(true)
    }

    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        self.step().await;
        let Recipient::Attendee(attendee) = &notification.to else {
            self.state().broadcasts += 1;
            return Ok(Notified::Sent);
        };
        let name = attendee.name.to_string();
        let fault = self.next_fault();
        let is_silent = {
            let mut state = self.state();
            if fault == Some(Fault::Refused) {
                return Err(SendError::NotSent(failed()));
            }
            if state.down.get(&name).is_some_and(|until| state.now < *until) {
                let cause = "it does not answer".to_owned();
                return Err(SendError::NotSent(Unavailable { doing: "notifying somebody", cause }));
            }
            let now = Timestamp::from_millis(state.now).unwrap();
            let is_silent = state.silent.get(&name).is_some_and(|until| state.now < *until);
            state.notified.push((now, name, notification.announcement.clone()));
            is_silent
        };
        self.step().await;
        if is_silent || fault == Some(Fault::AnswerLost) {
            self.state().may_repeat = true;
            return Err(failed().into());
        }
        Ok(Notified::Sent)
    }
}

/// Sends digests only, through another notifier.
pub struct Digests<'a>(pub countmein::notify::DigestSender<'a>);

#[async_trait]
impl SendMessage for Digests<'_> {
    async fn attempt(&self, message: &OutboxMessage, attempt: Attempt) -> Result<Outcome, SendError> {
        let OutboxMessage::Digest(delivery) = message else { unreachable!("the simulation sends only digests") };
        if let DigestRecipient::Attendees(names) = &delivery.to {
            assert!(!names.is_empty());
        }
        self.0.send(delivery, attempt.unresolved_since).await
    }
}
