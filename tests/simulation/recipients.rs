//! Recipients whose notification fails, and workers that lose their lease.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::attendee::Attendee;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::contact_id::ContactId;
use countmein::domain::digest::{Digest, Lease};
use countmein::domain::event::EventId;
use countmein::domain::notification::{Notification, Recipient};
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Digests as _, Notified, Notifier, SendError, Unavailable, Write};
use futures_util::FutureExt as _;

use crate::memory::Memory;
use crate::{DANCE, DAY, start};

const MINUTE: Duration = Duration::from_secs(60);

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
    memory: &'a Memory,
    answer: Box<dyn Fn(&str) -> Answer + Send + Sync + 'a>,
    /// The name and id of each notification that was sent, and whom it says to have joined and left.
    sent: Mutex<Vec<(String, String, Vec<String>)>>,
    /// The same of those that failed.
    failed: Mutex<Vec<(String, String, Vec<String>)>>,
}

impl<'a> Provider<'a> {
    fn new(memory: &'a Memory, answer: impl Fn(&str) -> Answer + Send + Sync + 'a) -> Self {
        Self { memory, answer: Box::new(answer), sent: Mutex::default(), failed: Mutex::default() }
    }

    /// Announces and sends what is due. Returns the number of messages that left the outbox.
    fn work(&self) -> u64 {
        self.memory.work_with(self, BackoffPolicy::default()).expect("nothing crashes")
    }

    /// What a recipient was told.
    fn told(&self, to: &str) -> Vec<Vec<String>> {
        let sent = self.sent.lock().unwrap();
        sent.iter().filter(|(name, _, _)| name == to).map(|(_, _, news)| news.clone()).collect()
    }
}

#[async_trait]
impl Notifier for Provider<'_> {
    fn mailbox(&self, attendee: &Attendee) -> Option<ContactId> {
        self.memory.mailbox(attendee)
    }

    async fn is_permitted(&self, attendee: &Attendee, now: Timestamp, _: Option<Timestamp>) -> Result<bool, SendError> {
        self.memory.is_permitted(attendee, now, None).await
    }

    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        let name = match &notification.to {
            Recipient::Attendee(attendee) => attendee.name.to_string(),
            Recipient::Everybody => EVERYBODY.to_owned(),
        };
        let failure = || Unavailable { doing: "notifying somebody", cause: "intended by the test".to_owned() };
        let answer = (self.answer)(&name);
        let calls = if answer == Answer::Sent { &self.sent } else { &self.failed };
        let announcement = &notification.announcement;
        let joined = announcement.joined.iter().map(|name| format!("+{name}"));
        let news = joined.chain(announcement.left.iter().map(|name| format!("-{name}"))).collect();
        calls.lock().unwrap().push((name, notification.id.clone(), news));
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

fn leave(memory: &Memory, name: &str) {
    memory.request(DANCE, name, Request::Cancel);
    memory.take_in(BackoffPolicy::default()).unwrap();
}

fn digest(memory: &Memory) -> Digest {
    memory.digest(&EventId::parse(DANCE).unwrap()).now_or_never().unwrap().unwrap().unwrap()
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
    let failing = Provider::new(&memory, |name| if name == "Guest 001" { Answer::NotSent } else { Answer::Sent });
    assert_eq!(failing.work(), 3);
    assert_eq!(wait(&memory), MINUTE / 2);
    let working = Provider::new(&memory, |_| Answer::Sent);
    assert_eq!(working.work(), 1);
    assert_eq!(memory.next_due(), None);
    assert_eq!(*working.sent.lock().unwrap(), *failing.failed.lock().unwrap());

    join(&memory, "Zoe");
    wait(&memory);
    assert_eq!(working.work(), 5, "Zoe's own message has nothing to say");
    let sent = [failing.sent.into_inner().unwrap(), working.sent.into_inner().unwrap()].concat();
    let ids: BTreeSet<&String> = sent.iter().map(|(_, id, _)| id).collect();
    assert_eq!((ids.len(), sent.len()), (8, 8), "every notification has an id of its own");
}

#[test]
fn rejected_notification_is_not_retried() {
    let memory = party(3);
    let provider = Provider::new(&memory, |name| if name == "Guest 001" { Answer::Rejected } else { Answer::Sent });
    assert_eq!(provider.work(), 4);
    assert_eq!(memory.next_due(), None);
    // It is part of the next one.
    join(&memory, "Zoe");
    wait(&memory);
    let working = Provider::new(&memory, |_| Answer::Sent);
    working.work();
    assert_eq!(working.told("Guest 001"), [["+Guest 000", "+Guest 002", "+Zoe"]]);
    assert_eq!(working.told("Guest 002"), [["+Zoe"]]);
}

#[test]
fn recipient_who_was_missed_gets_one_message_about_all() {
    let memory = party(2);
    Provider::new(&memory, |_| Answer::Sent).work();
    let failing = Provider::new(&memory, |name| if name == "Guest 000" { Answer::NotSent } else { Answer::Sent });
    for name in ["Zoe", "Yan"] {
        join(&memory, name);
        memory.advance(MINUTE * 10);
        failing.work();
    }
    leave(&memory, "Yan");
    memory.advance(MINUTE * 60);
    let working = Provider::new(&memory, |_| Answer::Sent);
    working.work();
    assert_eq!(working.told("Guest 000"), [["+Zoe"]], "Yan came and went");
    assert_eq!(memory.next_due(), None);
}

#[test]
fn lost_answer_is_corrected() {
    let memory = party(2);
    Provider::new(&memory, |_| Answer::Sent).work();
    join(&memory, "Zoe");
    memory.advance(MINUTE * 10);
    let lost = Provider::new(&memory, |name| if name == "Guest 000" { Answer::Lost } else { Answer::Sent });
    lost.work();
    leave(&memory, "Zoe");
    memory.advance(MINUTE * 60);
    let working = Provider::new(&memory, |_| Answer::Sent);
    working.work();
    // Guest 000 may have been told that Zoe joined.
    assert_eq!(working.told("Guest 000"), [["-Zoe"]]);
    assert_eq!(working.told("Guest 001"), [["-Zoe"]]);
}

#[test]
fn notification_that_fails_for_a_day_is_dropped() {
    let memory = party(2);
    let failing = Provider::new(&memory, |name| if name == "Guest 000" { Answer::NotSent } else { Answer::Sent });
    failing.work();
    let mut tries = 0;
    while memory.next_due().is_some() {
        wait(&memory);
        failing.work();
        tries += 1;
    }
    assert!((DAY..DAY + MINUTE * 15).contains(&memory.now().since(start())));
    assert!((96..110).contains(&tries), "every quarter of an hour: {tries}");
    // What it said is not lost.
    join(&memory, "Zoe");
    let working = Provider::new(&memory, |_| Answer::Sent);
    working.work();
    assert_eq!(working.told("Guest 000"), [["+Guest 001", "+Zoe"]]);
}

#[test]
fn worker_that_lost_its_lease_stops() {
    let memory = party(1_100);
    let mut digest = digest(&memory);
    let lease = |holder, now: Timestamp| Lease { holder, ends_at: now.plus(MINUTE * 2) };
    let backoff = BackoffPolicy::default();
    assert!(digest.claim(lease(7, memory.now()), &backoff, memory.now()).is_some());
    assert_eq!(memory.store(&digest).now_or_never().unwrap().unwrap(), Write::Stored);
    let provider = Provider::new(&memory, |_| Answer::Sent);
    assert_eq!(provider.work(), 0, "another worker announces it");
    memory.advance(MINUTE * 3);
    assert_eq!(provider.work(), 1_101);
}

/// A mail server that accepts each message, and whose answer comes too late each time.
#[test]
fn recipient_whose_answer_is_lost_gets_at_most_30_copies_a_day() {
    let memory = party(2);
    let lost = Provider::new(&memory, |name| if name == "Guest 000" { Answer::Lost } else { Answer::Sent });
    lost.work();
    while memory.next_due().is_some() {
        wait(&memory);
        lost.work();
    }
    let copies = lost.failed.lock().unwrap().len();
    assert!(copies <= 30, "{copies} copies of one digest in a day");
}
