//! Sending to a crowd: its cost, its concurrency, and what a crash repeats.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::attendee::Attendee;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::contact_id::ContactId;
use countmein::domain::notification::Notification;
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Notified, Notifier, SendError};

use crate::memory::Memory;
use crate::{DANCE, start};

const CROWD: usize = 2_000;

/// Recipients whose messages are put into the outbox together.
const PAGE: usize = 500;

/// Messages that are sent concurrently, which is the most that a crash can repeat.
const AT_ONCE: usize = 128;

/// A simulated provider of varying speed that counts concurrent calls.
struct Slow<'a> {
    memory: &'a Memory,
    calls: AtomicUsize,
    on_their_way: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl<'a> Slow<'a> {
    fn new(memory: &'a Memory) -> Self {
        Self { memory, calls: 0.into(), on_their_way: 0.into(), most_at_once: 0.into() }
    }

    /// Announces and sends what is due. Returns the number of messages that left the outbox, or `None` if it crashed.
    fn work(&self) -> Option<u64> {
        self.memory.work_with(self, BackoffPolicy::default())
    }
}

#[async_trait]
impl Notifier for Slow<'_> {
    fn mailbox(&self, attendee: &Attendee) -> Option<ContactId> {
        self.memory.mailbox(attendee)
    }

    async fn is_permitted(&self, attendee: &Attendee, now: Timestamp, _: Option<Timestamp>) -> Result<bool, SendError> {
        self.memory.is_permitted(attendee, now, None).await
    }

    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        let turns = 1 + self.calls.fetch_add(1, Ordering::Relaxed) % 4;
        let now = 1 + self.on_their_way.fetch_add(1, Ordering::Relaxed);
        self.most_at_once.fetch_max(now, Ordering::Relaxed);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        let outcome = self.memory.notify(notification).await;
        self.on_their_way.fetch_sub(1, Ordering::Relaxed);
        outcome
    }
}

fn crowd() -> Memory {
    let memory = Memory::new(start());
    for number in 0..CROWD {
        memory.request(DANCE, &format!("Guest {number:05}"), Request::trusted_sign_up(None));
    }
    memory
}

fn wait_until_due(memory: &Memory) {
    let due = memory.next_due().expect("something waits");
    memory.advance(due.since(memory.now()));
}

#[test]
fn crowd_costs_few_writes() {
    let memory = crowd();
    let slow = Slow::new(&memory);
    assert_eq!(slow.work(), Some(CROWD as u64 + 1), "and one for those who follow all events");
    assert_eq!(slow.most_at_once.into_inner(), AT_ONCE);
    let state = memory.state();
    // The last page is full, so another one is read.
    assert_eq!(state.pages, CROWD / PAGE + 1);
    // Twenty batches, the claim, and one write for each page, the last of which completes the announcement.
    assert_eq!(state.stores, 20 + 1 + CROWD / PAGE + 1);
    assert_eq!(state.digest_reads, 20 + 1, "no write conflicts with an earlier one");
    assert_eq!((state.broadcasts, state.notified.len()), (1, CROWD));
}

#[test]
fn crash_repeats_only_what_was_on_its_way() {
    let memory = crowd();
    memory.work(BackoffPolicy::default());
    memory.advance(Duration::from_secs(1));
    let crashes = (0..8).map(|number| 90 + number * 2_531);
    let (mut repeated_most, mut zoe_is_in) = (0, false);
    for steps in crashes {
        memory.request(DANCE, "Zoe", if zoe_is_in { Request::Cancel } else { Request::trusted_sign_up(None) });
        zoe_is_in = !zoe_is_in;
        memory.take_in(BackoffPolicy::default()).unwrap();
        wait_until_due(&memory);
        memory.state().notified.clear();

        memory.crash_after(Some(steps));
        memory.state().takes_turns = true;
        let crashed = Slow::new(&memory);
        assert_eq!(crashed.work(), None, "it crashes after {steps} steps");
        memory.crash_after(None);
        memory.state().takes_turns = false;
        while memory.next_due().is_some() {
            wait_until_due(&memory);
            assert!(Slow::new(&memory).work().is_some());
        }

        let mut notified: BTreeMap<String, usize> = BTreeMap::new();
        for (_, name, _) in std::mem::take(&mut memory.state().notified) {
            *notified.entry(name).or_default() += 1;
        }
        assert_eq!(notified.len(), CROWD, "everybody but Zoe is notified");
        assert!(notified.values().all(|times| *times <= 2), "nobody is notified three times");
        let repeated = notified.values().filter(|times| **times == 2).count();
        assert!(repeated <= AT_ONCE, "{repeated} are notified twice after {steps} steps");
        repeated_most = repeated.max(repeated_most);
    }
    assert!(repeated_most > 0, "a crash falls between a notification and the record of it");
}
