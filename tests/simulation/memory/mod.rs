//! A backend in memory that can stop for good between any two steps, and a provider that can fail. For the simulation
//! alone: whatever a real backend does is tested on real ones.

mod delivery;
mod event;
mod run;
pub mod seats;

#[allow(unused_imports, reason = "a benchmark uses less of it")]
pub use self::delivery::{FAMILY, mailbox};
pub use self::run::until_it_stands_still;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use countmein::adapters::metrics::prometheus::PrometheusMetrics;
use countmein::domain::announcement::Announcement;
use countmein::domain::attendee::{Attendee, apply_all};
use countmein::domain::attendee_name::{AttendeeName, NameKey};
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::change::{AttendeeChange, Change};
use countmein::domain::channel::Channel;
use countmein::domain::contact::Contact;
use countmein::domain::digest::Digest;
use countmein::domain::event::{Event, EventId};
use countmein::domain::event_announcement::EventAnnouncement;
use countmein::domain::event_details::EventDetails;
use countmein::domain::seat::{Seat, SeatChange};
use countmein::domain::secret::Secret;
use countmein::domain::signup::{AttendeeKey, Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{Announcer, EventPorts, add_to_digests};
use countmein::notify::{CLAIM_DURATION, DigestSender, OutboxSender};
use countmein::ports::{Digests, Lane, Notifier, ParkedEvent, ReadError, Unavailable, WatermarkKey, Write};
use futures_util::FutureExt as _;

use self::delivery::{Waiting, Watermark};
use self::seats::Commit;

/// Nobody reads them.
static METRICS: LazyLock<PrometheusMetrics> = LazyLock::new(PrometheusMetrics::new);

/// Changes in one batch.
const BATCH: usize = 100;

pub struct Memory(Mutex<State>);

#[derive(Default)]
pub struct State {
    pub attendees: BTreeMap<AttendeeKey, Attendee>,
    /// As far as the changes have been taken in.
    subscribers: BTreeSet<AttendeeKey>,
    pub digests: BTreeMap<EventId, Digest>,
    pub details: BTreeMap<EventId, EventDetails>,
    pub seats: BTreeMap<AttendeeKey, Seat>,
    calendar: BTreeMap<EventId, Timestamp>,
    /// Changes that are not followed yet.
    pub feed: VecDeque<Change>,
    now: i64,
    signups: u64,
    /// The number of steps until a crash.
    steps_left: Option<usize>,
    /// The number of calls until one fails, and how.
    fault: Option<(usize, Fault)>,
    /// Whether the answer of the provider or of a watermark was lost. As after a crash, it is not known who was notified, so
    /// repeats are allowed.
    pub may_repeat: bool,
    /// Whether changes were not taken in because a call failed, so that they are announced later than they were made.
    pub has_late_changes: bool,
    /// The messages that are still to be sent, in the order in which they are sent.
    outbox: Vec<Waiting>,
    /// The number of messages that were ever put into the outbox.
    messages: u64,
    /// Whether the outbox keeps every message that is put into it, like SQS. Otherwise it has one for each recipient.
    pub is_queue: bool,
    watermarks: HashMap<WatermarkKey, Watermark>,
    /// Whether the workers take turns at each call.
    pub takes_turns: bool,
    /// Decides how many turns a worker leaves to the others before its next call. With 0 it is always one.
    pub order: u64,
    /// Looks at each stored digest, and returns what is wrong.
    pub inspect: Option<fn(&Commit<'_>) -> Vec<String>>,
    /// What was wrong.
    pub problems: Vec<String>,
    /// Who cannot be reached, and until when.
    down: BTreeMap<String, i64>,
    /// Of whom no answer comes, and until when.
    silent: BTreeMap<String, i64>,
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

    /// Loses the answers of a person for a while.
    pub fn silence(&self, name: &str, time: Duration) {
        let mut state = self.state();
        let until = state.now + i64::try_from(time.as_millis()).unwrap();
        state.silent.insert(name.to_owned(), until);
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
        let request = if request == Request::Cancel { request } else { signs_up(name) };
        self.request_all(event, name, vec![request], Duration::ZERO)
    }

    /// Applies requests together that were made some time ago; returns whether they put the attendee on the roster or took them
    /// off.
    pub fn request_all(&self, event: &str, name: &str, requests: Vec<Request>, age: Duration) -> bool {
        let mut state = self.state();
        let now = Timestamp::from_millis(state.now).unwrap();
        let signup = |request| {
            state.signups += 1;
            let id = SignupId::parse(&format!("{:012}", state.signups)).unwrap();
            Signup {
                version: Version { requested_at: now.minus(age), id },
                event: Event::parse(event).unwrap(),
                name: AttendeeName::parse(name).unwrap(),
                channel: Channel::Queue,
                network: None,
                request,
            }
        };
        let signups: Vec<Signup> = requests.into_iter().map(signup).collect();
        let key = signups[0].key();
        let old = state.attendees.get(&key).cloned();
        let Some(new) = apply_all(old.as_ref(), &signups, now).0 else { return false };
        state.attendees.insert(key.clone(), new.clone());
        let change = AttendeeChange { key, old, new: Some(new) };
        let is_change = change.movement().is_some();
        state.feed.push_back(Change::Attendee(change));
        is_change
    }

    /// Takes in new changes, announces what is due and sends what is in the outbox, as far as nothing fails. Returns the
    /// number of messages that left the outbox, or `None` if it crashed.
    pub fn work(&self, backoff: BackoffPolicy) -> Option<u64> {
        self.work_with(self, backoff)
    }

    /// The same with another provider.
    pub fn work_with(&self, notifier: &dyn Notifier, backoff: BackoffPolicy) -> Option<u64> {
        self.take_in(backoff)?;
        until_it_stands_still(self.announce(backoff))?;
        until_it_stands_still(self.deliver(notifier))
    }

    /// Two workers do this at the same time.
    pub fn work_twice(&self, backoff: BackoffPolicy) -> Option<()> {
        self.take_in(backoff)?;
        self.state().takes_turns = true;
        let worker = async || {
            self.announce(backoff).await;
            self.deliver(self).await;
        };
        let ended = until_it_stands_still(async { tokio::join!(worker(), worker()) });
        self.state().takes_turns = false;
        ended.map(drop)
    }

    /// Announces what is due, except what fails.
    pub async fn announce(&self, backoff: BackoffPolicy) {
        let (clock, secret) = (|| self.now(), contact_secret());
        let announcer = Announcer {
            ports: EventPorts::of(self, &secret),
            outbox: self,
            backoff,
            has_broadcaster: true,
            clock: &clock,
            is_stopping: &|| false,
        };
        let due = self.due(self.now(), 1_000).await.unwrap();
        for (event, _) in due {
            let _ = announcer.announce(&event, Timestamp::LATEST).await;
        }
    }

    /// Sends what is due in the outbox, and returns the number of messages that left it.
    pub async fn deliver(&self, notifier: &dyn Notifier) -> u64 {
        let clock = || self.now();
        let digests = DigestSender::of(self, notifier, CLAIM_DURATION, &clock);
        let sender = OutboxSender {
            outbox: self,
            lane: Lane::Digests,
            sender: &delivery::Digests(digests),
            metrics: &*METRICS,
            clock: &clock,
            is_stopping: &|| false,
        };
        sender.send_due(&|| Box::pin(std::future::pending())).await.unwrap_or_default()
    }

    pub fn take_in(&self, noise: BackoffPolicy) -> Option<()> {
        loop {
            let batch: Vec<Change> = self.state().feed.iter().take(BATCH).cloned().collect();
            if batch.is_empty() {
                return Some(());
            }
            if add_to_digests(&batch, EventPorts::of(self, &contact_secret()), &noise, self.now())
                .now_or_never()?
                .is_err()
            {
                self.state().has_late_changes = true;
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
        let state = self.state();
        let waiting = state.outbox.iter().map(|waiting| waiting.due_at);
        state.digests.values().filter_map(Digest::due_at).chain(waiting).min()
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
        match self.next_fault() {
            Some(Fault::Refused | Fault::AnswerLost) => Err(failed()),
            Some(Fault::Repeated | Fault::Overtaken) | None => Ok(()),
        }
    }

    pub async fn step(&self) {
        if self.state().steps_left == Some(0) {
            std::future::pending::<()>().await;
        }
        let turns = {
            let mut state = self.state();
            state.steps_left = state.steps_left.map(|left| left - 1);
            if state.takes_turns { state.next_turns() } else { 0 }
        };
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }
}

impl State {
    /// The number of turns that a worker leaves to the others.
    fn next_turns(&mut self) -> u64 {
        if self.order == 0 {
            return 1;
        }
        // The linear congruential generator of Knuth's MMIX.
        self.order = self.order.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) | 1;
        (self.order >> 33) % 4
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
        self.store_with(digest, None, &[]).await
    }

    async fn store_announcing(&self, digest: &Digest, announcement: &EventAnnouncement) -> Result<Write, Unavailable> {
        self.store_with(digest, Some(announcement), &[]).await
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

    async fn unpark(&self, _: &EventId) -> Result<(), Unavailable> {
        unreachable!("no record is damaged")
    }

    async fn replace_digest(&self, _: &Digest) -> Result<(), Unavailable> {
        unreachable!("no record is damaged")
    }
}

impl Memory {
    async fn store_with(
        &self,
        digest: &Digest,
        announcement: Option<&EventAnnouncement>,
        seats: &[SeatChange],
    ) -> Result<Write, Unavailable> {
        self.step().await;
        let fault = self.next_fault();
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
                state.change_seats(digest, seats);
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

/// Everybody wants notifications, except who has a name that begins so.
pub const QUIET: &str = "Quiet";

pub fn signs_up(name: &str) -> Request {
    if name.starts_with(QUIET) {
        return Request::trusted_sign_up(None);
    }
    let user = mailbox(name).to_lowercase().replace([' ', '!'], "x");
    Request::trusted_sign_up(Some(Contact::email(&format!("{user}@example.org")).unwrap()))
}

/// The key of the ids of mailboxes.
pub fn contact_secret() -> Secret {
    Secret::new("a secret for the simulation").unwrap()
}
