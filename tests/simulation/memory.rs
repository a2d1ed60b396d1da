//! A backend in memory that can stop for good between any two steps, and a provider that can fail. For the simulation
//! alone: whatever a real backend does is tested on real ones.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::announcement::Announcement;
use countmein::domain::attendee::{Applied, Attendee, apply_all};
use countmein::domain::attendee_name::{AttendeeName, NameKey};
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::change::{AttendeeChange, Change};
use countmein::domain::channel::Channel;
use countmein::domain::deleted_event::DeletedEvent;
use countmein::domain::digest::Digest;
use countmein::domain::event::{Event, EventId};
use countmein::domain::event_announcement::EventAnnouncement;
use countmein::domain::event_details::EventDetails;
use countmein::domain::notification::{Notification, Recipient};
use countmein::domain::signup::{AttendeeKey, Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{DigestSender, EventPorts, add_to_digests};
use countmein::ports::{
    ApplyError, AttendeeSignups, Calendar, CalendarPage, CalendarPosition, DeletedAttendees, Deletion, Deletions,
    Digests, EventSummary, Events, NotificationCounts, Notified, Notifier, ParkedEvent, ReadError, Roster, RosterPage,
    SendError, StoredDetails, Unavailable, Write,
};
use futures_util::FutureExt as _;

/// Changes in one batch.
const BATCH: usize = 100;

pub struct Memory(Mutex<State>);

#[derive(Default)]
pub struct State {
    attendees: BTreeMap<AttendeeKey, Attendee>,
    digests: BTreeMap<EventId, Digest>,
    calendar: BTreeMap<EventId, Timestamp>,
    /// Changes that are not followed yet.
    feed: VecDeque<Change>,
    now: i64,
    signups: u64,
    /// The number of steps until a crash.
    steps_left: Option<usize>,
    /// The number of calls until one fails, and how.
    fault: Option<(usize, Fault)>,
    /// Whether an invocation ended early because a write or a notification failed. As after a crash, it is not known who was
    /// notified, so repeats are allowed.
    pub may_repeat: bool,
    /// Who cannot be reached, and until when.
    down: BTreeMap<String, i64>,
    pub notified: Vec<(Timestamp, String, Announcement)>,
    /// What the events announced, in this order.
    pub announcements: Vec<EventAnnouncement>,
    pub broadcasts: u64,
    pub stores: usize,
    pub digest_reads: usize,
    pub pages: usize,
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It has no effect.
    Refused,
    /// It takes effect, but the answer is lost.
    AnswerLost,
    /// It takes effect, but the answer is lost, and the client repeats it by itself. A conditional write then conflicts with
    /// its own effect.
    Repeated,
    /// Another process writes the digest first. Other calls are not affected.
    Overtaken,
}

fn failed() -> Unavailable {
    Unavailable { doing: "calling", cause: "intended by the test".to_owned() }
}

impl Memory {
    pub fn new(start: Timestamp) -> Self {
        Self(Mutex::new(State { now: start.as_millis(), ..State::default() }))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.state().now).unwrap()
    }

    pub fn advance(&self, time: Duration) {
        self.state().now += i64::try_from(time.as_millis()).unwrap();
    }

    pub fn set_back(&self, time: Duration) {
        self.state().now -= i64::try_from(time.as_millis()).unwrap();
    }

    /// Makes a person unreachable for a while.
    pub fn take_down(&self, name: &str, time: Duration) {
        let mut state = self.state();
        let until = state.now + i64::try_from(time.as_millis()).unwrap();
        state.down.insert(name.to_owned(), until);
    }

    pub fn crash_after(&self, steps: Option<usize>) {
        self.state().steps_left = steps;
    }

    /// Makes one call fail, after this many others.
    pub fn fail_after(&self, fault: Option<(usize, Fault)>) {
        self.state().fault = fault;
    }

    /// How this call fails, if it does.
    fn next_fault(&self) -> Option<Fault> {
        let mut state = self.state();
        let (calls_left, fault) = state.fault?;
        state.fault = calls_left.checked_sub(1).map(|calls_left| (calls_left, fault));
        (calls_left == 0).then_some(fault)
    }

    /// Applies a request; returns whether it changed the roster.
    pub fn request(&self, event: &str, name: &str, request: Request) -> bool {
        let mut state = self.state();
        state.signups += 1;
        let id = SignupId::parse(&format!("{:012}", state.signups)).unwrap();
        let requested_at = Timestamp::from_millis(state.now).unwrap();
        let signup = Signup {
            version: Version { requested_at, id },
            event: Event::parse(event).unwrap(),
            name: AttendeeName::parse(name).unwrap(),
            channel: Channel::Queue,
            request,
        };
        let key = signup.key();
        let old = state.attendees.get(&key).cloned();
        let Some(new) = apply_all(old.as_ref(), &[signup], requested_at).0 else { return false };
        state.attendees.insert(key.clone(), new.clone());
        let change = AttendeeChange { key, old, new: Some(new) };
        let is_change = change.movement().is_some();
        state.feed.push_back(Change::Attendee(change));
        is_change
    }

    /// Follows new changes and sends what is due, as one invocation does; none if it crashed. A failed call ends the
    /// invocation, or the sending of one event.
    pub fn work(&self, noise: BackoffPolicy) -> Option<NotificationCounts> {
        self.work_with(self, noise)
    }

    /// The same with another provider, which answers at once.
    pub fn work_with(&self, notifier: &dyn Notifier, noise: BackoffPolicy) -> Option<NotificationCounts> {
        self.take_in(noise)?;
        let mut sum = NotificationCounts::default();
        let due = self.due(self.now(), 1_000).now_or_never()?.unwrap();
        for (event, _) in due {
            let clock = || self.now();
            let digest_sender = DigestSender {
                digests: self,
                roster: self,
                events: self,
                notifier,
                backoff: noise,
                concurrency: 8,
                clock: &clock,
                is_stopping: &|| false,
            };
            if let Ok(tally) = digest_sender.send_digest(&event, Timestamp::LATEST).now_or_never()? {
                sum.add(tally);
            }
        }
        Some(sum)
    }

    pub fn take_in(&self, noise: BackoffPolicy) -> Option<()> {
        loop {
            let batch: Vec<Change> = self.state().feed.iter().take(BATCH).cloned().collect();
            if batch.is_empty() {
                return Some(());
            }
            if add_to_digests(&batch, EventPorts::of(self), &noise, self.now()).now_or_never()?.is_err() {
                return Some(());
            }
            self.step().now_or_never()?;
            self.state().feed.drain(..batch.len());
        }
    }

    /// The changes that are not followed yet.
    pub fn changes(&self) -> Vec<Change> {
        self.state().feed.iter().cloned().collect()
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.state().digests.values().filter_map(Digest::due_at).min()
    }

    /// Whether the calendar has every event, with the time in its digest.
    /// After the clock was set back, the calendar may keep the later time of a digest that could not be stored.
    pub fn is_calendar_complete(&self, was_set_back: bool) -> bool {
        let state = self.state();
        let in_digest = |(event, digest): (&EventId, &Digest)| {
            let (entered, stored) = (state.calendar.get(event), digest.over_at.as_ref());
            stored.is_some() && (entered == stored || was_set_back && entered > stored)
        };
        state.digests.iter().all(in_digest)
    }

    /// The number of attendees according to the digest.
    pub fn count(&self, event: &str) -> u64 {
        self.state().digests.get(&EventId::parse(event).unwrap()).map_or(0, |digest| digest.count)
    }

    pub fn is_in(&self, event: &str, name: &str) -> bool {
        self.attendee_of(event, name).is_some_and(|attendee| attendee.registration().is_some())
    }

    pub fn attendee_of(&self, event: &str, name: &str) -> Option<Attendee> {
        let key = AttendeeKey { event: EventId::parse(event).unwrap(), name: NameKey::of(name).unwrap() };
        self.state().attendees.get(&key).cloned()
    }

    /// A call that reads: it may fail, which ends the invocation.
    fn read(&self) -> Result<(), Unavailable> {
        if matches!(self.next_fault(), Some(Fault::Refused | Fault::AnswerLost)) {
            self.state().may_repeat = true;
            return Err(failed());
        }
        Ok(())
    }

    async fn step(&self) {
        if self.state().steps_left == Some(0) {
            std::future::pending::<()>().await;
        }
        let mut state = self.state();
        state.steps_left = state.steps_left.map(|left| left - 1);
    }
}

#[async_trait]
impl Digests for Memory {
    async fn digest(&self, event: &EventId) -> Result<Option<Digest>, ReadError> {
        self.step().await;
        self.read()?;
        let mut state = self.state();
        state.digest_reads += 1;
        Ok(state.digests.get(event).cloned())
    }

    async fn store(&self, digest: &Digest) -> Result<Write, Unavailable> {
        self.store_with(digest, None).await
    }

    async fn store_announcing(&self, digest: &Digest, announcement: &EventAnnouncement) -> Result<Write, Unavailable> {
        self.store_with(digest, Some(announcement)).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable> {
        let state = self.state();
        let due = state.digests.iter().filter_map(|(event, digest)| Some((event.clone(), digest.due_at()?)));
        let mut due: Vec<_> = due.filter(|(_, at)| *at <= now).collect();
        due.sort_by_key(|(_, at)| *at);
        due.truncate(limit);
        Ok(due)
    }

    async fn park(&self, _: &ParkedEvent) -> Result<(), Unavailable> {
        unreachable!("no record is damaged")
    }
}

impl Memory {
    async fn store_with(
        &self,
        digest: &Digest,
        announcement: Option<&EventAnnouncement>,
    ) -> Result<Write, Unavailable> {
        self.step().await;
        let fault = self.next_fault();
        self.state().may_repeat |= matches!(fault, Some(Fault::Refused | Fault::AnswerLost));
        match fault {
            Some(Fault::Refused) => return Err(failed()),
            Some(Fault::Overtaken) => {
                self.state().digests.get_mut(&digest.event).into_iter().for_each(|digest| digest.version += 1);
                return Ok(Write::Conflict);
            }
            Some(Fault::AnswerLost | Fault::Repeated) | None => {}
        }
        let stored = {
            let mut state = self.state();
            let found = state.digests.get(&digest.event).map_or(0, |digest| digest.version);
            if found == digest.version {
                state.stores += 1;
                let next = Digest { version: digest.version + 1, ..digest.clone() };
                state.digests.insert(digest.event.clone(), next);
                state.announcements.extend(announcement.cloned());
            }
            Write::of(found == digest.version)
        };
        self.step().await;
        match fault {
            Some(Fault::AnswerLost) => Err(failed()),
            Some(Fault::Repeated) => Ok(Write::Conflict),
            Some(Fault::Refused | Fault::Overtaken) | None => Ok(stored),
        }
    }
}

#[async_trait]
impl Events for Memory {
    async fn details(&self, events: &[EventId]) -> Result<Vec<StoredDetails>, Unavailable> {
        self.step().await;
        self.read()?;
        Ok(vec![StoredDetails::None; events.len()])
    }

    async fn create_event(&self, _: &EventDetails, _: Timestamp) -> Result<Write, Unavailable> {
        unreachable!("no event has details")
    }

    async fn store_details(&self, _: &EventDetails, _: Timestamp) -> Result<Write, Unavailable> {
        unreachable!("no event has details")
    }

    async fn store_deletion(&self, _: &DeletedEvent, _: Timestamp) -> Result<Write, Unavailable> {
        unreachable!("no event is deleted")
    }
}

#[async_trait]
impl Deletions for Memory {
    async fn delete_event_state(&self, _: &EventId, _: Timestamp) -> Result<(), Unavailable> {
        unreachable!("no event is deleted")
    }

    async fn delete_digest_without_attendees(&self, _: &EventId) -> Result<(), Unavailable> {
        unreachable!("no event is deleted")
    }

    async fn delete_attendees(&self, _: &DeletedEvent, _: usize) -> Result<DeletedAttendees, Unavailable> {
        unreachable!("no event is deleted")
    }

    async fn delete_late_attendee(&self, _: &Attendee, _: Timestamp) -> Result<Deletion, Unavailable> {
        unreachable!("no event is deleted")
    }
}

#[async_trait]
impl Calendar for Memory {
    async fn set_over_at(&self, event: &EventId, over_at: Timestamp) -> Result<(), Unavailable> {
        self.step().await;
        self.read()?;
        self.state().calendar.insert(event.clone(), over_at);
        self.step().await;
        Ok(())
    }

    async fn upcoming(
        &self,
        _: Timestamp,
        _: Option<&CalendarPosition>,
        _: usize,
    ) -> Result<CalendarPage, Unavailable> {
        unreachable!("sending does not list events")
    }

    async fn past(&self, _: Timestamp, _: Option<&CalendarPosition>, _: usize) -> Result<CalendarPage, Unavailable> {
        unreachable!("sending does not list events")
    }

    async fn with_contacts(&self, _: Timestamp, _: usize) -> Result<Vec<CalendarPosition>, Unavailable> {
        unreachable!("sending deletes no contacts")
    }

    async fn set_contacts_deleted(&self, _: &CalendarPosition, _: Timestamp) -> Result<(), Unavailable> {
        unreachable!("sending deletes no contacts")
    }
}

#[async_trait]
impl Roster for Memory {
    async fn apply(
        &self,
        _: Vec<AttendeeSignups>,
        _: Timestamp,
        _: tokio::time::Instant,
    ) -> Vec<Result<Vec<Applied>, ApplyError>> {
        unreachable!("the simulation makes its own requests")
    }

    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable> {
        self.step().await;
        Ok(self.state().attendees.get(key).cloned())
    }

    async fn roster(&self, event: &EventId, limit: usize, after: Option<&NameKey>) -> Result<RosterPage, Unavailable> {
        self.step().await;
        self.read()?;
        let mut state = self.state();
        state.pages += 1;
        let name = after.cloned().unwrap_or_else(|| NameKey::from_stored(String::new()));
        let after = (Bound::Excluded(AttendeeKey { event: event.clone(), name }), Bound::Unbounded);
        let of_event = state.attendees.range(after).take_while(|(key, _)| key.event == *event);
        let is_in = |attendee: &&Attendee| attendee.registration().is_some();
        let mut attendees: Vec<_> =
            of_event.map(|(_, attendee)| attendee).filter(is_in).take(limit + 1).cloned().collect();
        let more = attendees.len() > limit;
        attendees.truncate(limit);
        let next = attendees.last().filter(|_| more).map(|last| last.name.key().clone());
        Ok(RosterPage { title: None, count: 0, attendees, next })
    }

    /// In the simulation, all attendees want messages.
    async fn subscribers(
        &self,
        event: &EventId,
        limit: usize,
        after: Option<&NameKey>,
    ) -> Result<Vec<Attendee>, Unavailable> {
        Ok(self.roster(event, limit, after).await?.attendees)
    }

    async fn events(&self, _: usize, _: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable> {
        unreachable!("sending does not list events")
    }

    async fn all_attendees(&self, _: usize, _: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable> {
        unreachable!("sending does not list everybody")
    }

    async fn remove(&self, _: &NameKey, _: Option<&EventId>, _: Timestamp) -> Result<u64, Unavailable> {
        unreachable!("sending removes nobody")
    }
}

#[async_trait]
impl Notifier for Memory {
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        self.step().await;
        let Recipient::Attendee(attendee) = &notification.to else {
            self.state().broadcasts += 1;
            return Ok(Notified::Sent);
        };
        let name = attendee.name.to_string();
        let fault = self.next_fault();
        {
            let mut state = self.state();
            if fault == Some(Fault::Refused) {
                return Err(SendError::NotSent(failed()));
            }
            if state.down.get(&name).is_some_and(|until| state.now < *until) {
                let cause = "it does not answer".to_owned();
                return Err(SendError::NotSent(Unavailable { doing: "notifying somebody", cause }));
            }
            let now = Timestamp::from_millis(state.now).unwrap();
            state.notified.push((now, name, notification.announcement.clone()));
        }
        self.step().await;
        if fault == Some(Fault::AnswerLost) {
            self.state().may_repeat = true;
            return Err(failed().into());
        }
        Ok(Notified::Sent)
    }
}
