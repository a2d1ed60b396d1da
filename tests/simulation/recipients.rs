//! Recipients whose notification fails, and workers that run out of time or lose their lease.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::digest::{Digest, Lease};
use countmein::domain::event::EventId;
use countmein::domain::notification::{Notification, Recipient};
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::DigestSender;
use countmein::ports::{Digests as _, NotificationCounts, Notified, Notifier, SendError, Unavailable, Write};
use futures_util::FutureExt as _;

use crate::memory::Memory;
use crate::{DANCE, start};

const MINUTE: Duration = Duration::from_secs(60);

/// Recipients of a page.
const PAGE: usize = 500;

const AT_ONCE: usize = 8;

const EVERYBODY: &str = "everybody";

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Sent,
    NotSent,
    Rejected,
    /// The answer is lost.
    Lost,
}

/// A provider that fails for some recipients.
struct Provider<'a> {
    answer: Box<dyn Fn(&str) -> Answer + Send + Sync + 'a>,
    /// The name and id of each notification that was sent.
    sent: Mutex<Vec<(String, String)>>,
    /// The same of those that failed.
    failed: Mutex<Vec<(String, String)>>,
}

impl<'a> Provider<'a> {
    fn new(answer: impl Fn(&str) -> Answer + Send + Sync + 'a) -> Self {
        Self { answer: Box::new(answer), sent: Mutex::default(), failed: Mutex::default() }
    }

    fn names(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|(name, _)| name.clone()).collect()
    }
}

#[async_trait]
impl Notifier for Provider<'_> {
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        let name = match &notification.to {
            Recipient::Attendee(attendee) => attendee.name.to_string(),
            Recipient::Everybody => EVERYBODY.to_owned(),
        };
        let failure = || Unavailable { doing: "notifying somebody", cause: "intended by the test".to_owned() };
        let answer = (self.answer)(&name);
        let calls = if answer == Answer::Sent { &self.sent } else { &self.failed };
        calls.lock().unwrap().push((name, notification.id.clone()));
        match answer {
            Answer::Sent => Ok(Notified::Sent),
            Answer::NotSent => Err(SendError::NotSent(failure())),
            Answer::Rejected => Err(SendError::Rejected("intended by the test".to_owned())),
            Answer::Lost => Err(SendError::Unavailable(failure())),
        }
    }
}

/// The digest of an event with this many attendees, `Guest 000` and so on.
fn party(guests: usize) -> Memory {
    let memory = Memory::new(start());
    for number in 0..guests {
        join(&memory, &format!("Guest {number:03}"));
    }
    memory
}

fn join(memory: &Memory, name: &str) {
    memory.request(DANCE, name, Request::trusted_sign_up(None));
    memory.take_in(BackoffPolicy::default()).unwrap();
}

fn send(memory: &Memory, notifier: &dyn Notifier, concurrency: usize, until: Timestamp) -> NotificationCounts {
    let digest_sender = DigestSender {
        digests: memory,
        roster: memory,
        events: memory,
        notifier,
        backoff: BackoffPolicy::default(),
        concurrency,
        clock: &|| memory.now(),
        is_stopping: &|| false,
    };
    let event = EventId::parse(DANCE).unwrap();
    digest_sender.send_digest(&event, until).now_or_never().expect("nothing crashes").unwrap()
}

fn digest(memory: &Memory) -> Digest {
    memory.digest(&EventId::parse(DANCE).unwrap()).now_or_never().unwrap().unwrap().unwrap()
}

fn counts(delivered: u64, rejected: u64, deferred: u64) -> NotificationCounts {
    NotificationCounts { delivered, rejected, deferred, expired: 0 }
}

/// Waits until something is due, and returns for how long.
fn wait(memory: &Memory) -> Duration {
    let pause = memory.next_due().expect("something waits").since(memory.now());
    memory.advance(pause);
    pause
}

#[test]
fn retried_notification_keeps_its_id() {
    let memory = party(3);
    let failing = Provider::new(|name| if name == "Guest 001" { Answer::NotSent } else { Answer::Sent });
    assert_eq!(send(&memory, &failing, AT_ONCE, Timestamp::LATEST), counts(3, 0, 1));
    assert_eq!(wait(&memory), MINUTE);
    let working = Provider::new(|_| Answer::Sent);
    assert_eq!(send(&memory, &working, AT_ONCE, Timestamp::LATEST), counts(1, 0, 0));
    assert_eq!(memory.next_due(), None);
    assert_eq!(*working.sent.lock().unwrap(), *failing.failed.lock().unwrap());

    join(&memory, "Zoe");
    wait(&memory);
    assert_eq!(send(&memory, &working, AT_ONCE, Timestamp::LATEST), counts(4, 0, 0));
    let sent = [failing.sent.into_inner().unwrap(), working.sent.into_inner().unwrap()].concat();
    let ids: BTreeSet<&String> = sent.iter().map(|(_, id)| id).collect();
    assert_eq!((ids.len(), sent.len()), (8, 8), "every notification has an id of its own");
}

#[test]
fn rejected_notification_is_not_retried() {
    let memory = party(3);
    let provider = Provider::new(|name| if name == "Guest 001" { Answer::Rejected } else { Answer::Sent });
    assert_eq!(send(&memory, &provider, AT_ONCE, Timestamp::LATEST), counts(3, 1, 0));
    assert_eq!(memory.next_due(), None);
}

#[test]
fn little_time_notifies_one_recipient_after_the_other() {
    let memory = party(1);
    // A name that comes before every mark of this program.
    join(&memory, "!Ana");
    let provider = Provider::new(|_| Answer::Sent);
    for _ in 0..3 {
        assert_eq!(send(&memory, &provider, 1, memory.now()), counts(1, 0, 0));
    }
    assert_eq!(provider.names(), [EVERYBODY, "!Ana", "Guest 000"]);
    send(&memory, &provider, 1, memory.now());
    assert_eq!((memory.next_due(), provider.names().len()), (None, 3));
}

/// An event whose 20 attendees could not be notified, at the time at which they are tried again.
fn party_of_late_recipients() -> Memory {
    let memory = party(20);
    let failing = Provider::new(|name| if name == EVERYBODY { Answer::Sent } else { Answer::NotSent });
    assert_eq!(send(&memory, &failing, AT_ONCE, Timestamp::LATEST), counts(1, 0, 20));
    assert_eq!(wait(&memory), MINUTE);
    memory
}

#[test]
fn late_recipients_are_notified_together_if_there_is_time() {
    let memory = party_of_late_recipients();
    let working = Provider::new(|_| Answer::Sent);
    assert_eq!(send(&memory, &working, AT_ONCE, Timestamp::LATEST), counts(20, 0, 0));
    assert_eq!(memory.next_due(), None);
}

#[test]
fn interrupted_retry_continues_with_the_others() {
    let memory = party_of_late_recipients();
    let working = Provider::new(|_| Answer::Sent);
    for delivered in [8, 8, 4] {
        assert!(memory.next_due() <= Some(memory.now()));
        assert_eq!(send(&memory, &working, AT_ONCE, memory.now()), counts(delivered, 0, 0));
    }
    assert_eq!(memory.next_due(), None);
    let names: BTreeSet<String> = working.names().into_iter().collect();
    assert_eq!(names.len(), 20);
}

#[test]
fn failed_retry_waits_and_begins_with_the_others() {
    let memory = party_of_late_recipients();
    let failing = Provider::new(|_| Answer::NotSent);
    assert_eq!(send(&memory, &failing, AT_ONCE, memory.now()), counts(0, 0, 8));
    assert_eq!(wait(&memory), MINUTE);
    let some = Provider::new(|name| if name < "Guest 010" { Answer::NotSent } else { Answer::Sent });
    assert_eq!(send(&memory, &some, AT_ONCE, memory.now()), counts(6, 0, 2));
    assert_eq!(some.names()[0], "Guest 010", "those who were not tried come first");
    assert_eq!(send(&memory, &some, 99, Timestamp::LATEST), counts(4, 0, 10));
    assert_eq!(wait(&memory), MINUTE, "all were tried");
}

#[test]
fn recipients_who_missed_different_changes_are_retried_together() {
    let memory = party(3);
    let failing = |failing: &'static str| {
        Provider::new(move |name| match name {
            name if name == failing => Answer::NotSent,
            _ => Answer::Sent,
        })
    };
    assert_eq!(send(&memory, &failing("Guest 000"), AT_ONCE, Timestamp::LATEST), counts(3, 0, 1));
    join(&memory, "Zoe");
    memory.advance(MINUTE * 2);
    let both = Provider::new(|name| if name.starts_with("Guest 00") { Answer::NotSent } else { Answer::Sent });
    assert_eq!(send(&memory, &both, AT_ONCE, Timestamp::LATEST).deferred, 3);
    assert_eq!(digest(&memory).late.len(), 2, "one group for each announcement");
    memory.advance(MINUTE * 60);
    let working = Provider::new(|_| Answer::Sent);
    assert_eq!(send(&memory, &working, AT_ONCE, Timestamp::LATEST), counts(3, 0, 0));
}

#[test]
fn lost_answers_of_a_retry_are_remembered() {
    let memory = party(120);
    let failing = Provider::new(|name| if name == EVERYBODY { Answer::Sent } else { Answer::NotSent });
    send(&memory, &failing, AT_ONCE, Timestamp::LATEST);
    assert_eq!(wait(&memory), MINUTE, "too many failed");
    assert!(!digest(&memory).sending.unwrap().is_resumed);
    let lost = Provider::new(|_| Answer::Lost);
    send(&memory, &lost, AT_ONCE, Timestamp::LATEST);
    assert!(digest(&memory).sending.unwrap().is_resumed, "they may have been notified");
}

#[test]
fn worker_that_lost_its_lease_stops() {
    let memory = party(PAGE + 100);
    let other = 7;
    let take_over = || {
        memory.advance(MINUTE * 3);
        let mut digest = digest(&memory);
        assert!(digest.claim(Lease { holder: other, ends_at: memory.now().plus(MINUTE * 2) }, memory.now()).is_some());
        assert_eq!(memory.store(&digest).now_or_never().unwrap().unwrap(), Write::Stored);
    };
    let provider = Provider::new(|name| {
        if name == EVERYBODY {
            take_over();
        }
        Answer::Sent
    });
    assert_eq!(send(&memory, &provider, AT_ONCE, Timestamp::LATEST).delivered, PAGE as u64 + 1);
    let digest = digest(&memory);
    assert!(digest.is_held_by(other));
    assert_eq!(digest.sending.unwrap().told_to, None, "the other worker's progress is kept");
}
