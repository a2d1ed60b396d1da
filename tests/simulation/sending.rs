//! Sending to a crowd: its cost, its concurrency, and what a crash repeats.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::event::EventId;
use countmein::domain::notification::{Notification, Recipient};
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::DigestSender;
use countmein::ports::{Notified, Notifier, SendError, Unavailable};

use crate::memory::Memory;
use crate::{DANCE, start};

const CROWD: usize = 10_000;

/// Recipients of a page, which is the most that a crash can repeat.
const PAGE: usize = 500;

const AT_ONCE: usize = 32;

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

    /// Sends what is due; none if it crashed.
    fn announce(&self) -> Option<u64> {
        let noise = BackoffPolicy::default();
        let clock = || self.memory.now();
        let (digests, roster) = (self.memory, self.memory);
        let digest_sender = DigestSender {
            digests,
            roster,
            events: self.memory,
            notifier: self,
            backoff: noise,
            concurrency: AT_ONCE,
            clock: &clock,
            is_stopping: &|| false,
        };
        let event = EventId::parse(DANCE).unwrap();
        Some(until_it_stands_still(digest_sender.send_digest(&event, Timestamp::LATEST))?.unwrap().delivered)
    }
}

#[async_trait]
impl Notifier for Slow<'_> {
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

/// Whether the future asked to be polled again.
#[derive(Default)]
struct Moves(AtomicBool);

impl Wake for Moves {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls a future to its end; none if it makes no more progress, as after a crash.
pub fn until_it_stands_still<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let moves = Arc::new(Moves::default());
    let waker = Waker::from(Arc::clone(&moves));
    loop {
        if let Poll::Ready(outcome) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(outcome);
        }
        if !moves.0.swap(false, Ordering::Relaxed) {
            return None;
        }
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
    memory.work(BackoffPolicy::default());
    let state = memory.state();
    assert_eq!(state.pages, CROWD / PAGE);
    // A hundred batches, the claim, and one write for each page, the last of which completes the announcement.
    assert_eq!(state.stores, 100 + 1 + CROWD / PAGE);
    assert_eq!(state.digest_reads, 100 + 1, "no write conflicts with an earlier one");
    assert_eq!(state.broadcasts, 1);
}

#[test]
fn crash_repeats_one_page_at_most() {
    let memory = crowd();
    memory.work(BackoffPolicy::default());
    // A call of the provider is two steps, a page four more; so the crashes fall anywhere in their pages.
    let crashes = (0..8).map(|number| 3 + number * 2_531);
    let (mut repeated_most, mut zoe_is_in) = (0, false);
    for steps in crashes {
        memory.request(DANCE, "Zoe", if zoe_is_in { Request::Cancel } else { Request::trusted_sign_up(None) });
        zoe_is_in = !zoe_is_in;
        memory.take_in(BackoffPolicy::default()).unwrap();
        wait_until_due(&memory);
        memory.state().notified.clear();

        memory.crash_after(Some(steps));
        let crashed = Slow::new(&memory);
        assert_eq!(crashed.announce(), None, "it crashes after {steps} steps");
        memory.crash_after(None);
        let before = memory.state().notified.len();
        wait_until_due(&memory);
        let resumed = Slow::new(&memory);
        assert!(resumed.announce().is_some());

        let mut notified: BTreeMap<String, usize> = BTreeMap::new();
        for (_, name, _) in std::mem::take(&mut memory.state().notified) {
            *notified.entry(name).or_default() += 1;
        }
        assert_eq!(notified.len(), CROWD, "everybody but Zoe is notified");
        assert!(notified.values().all(|times| *times <= 2), "nobody is notified three times");
        let repeated = notified.values().filter(|times| **times == 2).count();
        assert!(repeated <= PAGE, "{repeated} of the {before} notified in {steps} steps are notified twice");
        repeated_most = repeated.max(repeated_most);
        for run in [crashed, resumed] {
            assert!(run.most_at_once.into_inner() <= AT_ONCE);
        }
    }
    assert!(repeated_most > 0, "a crash falls into a page");
}

#[test]
fn sending_is_paged_and_bounded() {
    let memory = crowd();
    memory.take_in(BackoffPolicy::default()).unwrap();
    let slow = Slow::new(&memory);
    assert_eq!(slow.announce(), Some(CROWD as u64 + 1), "and once for those who listen to all events");
    assert_eq!(slow.most_at_once.into_inner(), AT_ONCE);
    assert_eq!(memory.state().pages, CROWD / PAGE);
}

/// So long that a page takes longer than an invocation.
const TAKES: Duration = Duration::from_millis(200);

/// A provider that answers one call after the other.
struct Sluggish<'a> {
    memory: &'a Memory,
    ends_at: Timestamp,
}

#[async_trait]
impl Notifier for Sluggish<'_> {
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        if self.memory.now() >= self.ends_at {
            // The invocation ends before the answer comes.
            std::future::pending::<()>().await;
        }
        self.memory.advance(TAKES);
        let is_frail = matches!(&notification.to, Recipient::Attendee(one) if one.name.as_str().ends_with('7'));
        if is_frail && self.memory.now() < start().plus(Duration::from_secs(60 * 60)) {
            self.memory.advance(TAKES * 4);
            return Err(Unavailable { doing: "telling somebody", cause: "it takes too long".to_owned() }.into());
        }
        self.memory.notify(notification).await
    }
}

#[test]
fn slow_provider_notifies_everybody_once() {
    let memory = Memory::new(start());
    for number in 0..PAGE {
        memory.request(DANCE, &format!("Guest {number:05}"), Request::trusted_sign_up(None));
    }
    memory.take_in(BackoffPolicy::default()).unwrap();
    let clock = || memory.now();
    let mut invocations = 0;
    while let Some(due_at) = memory.next_due() {
        memory.advance(due_at.since(memory.now()));
        let until = memory.now().plus(Duration::from_secs(30));
        // Lambda ends invocations like this.
        let provider = Sluggish { memory: &memory, ends_at: memory.now().plus(Duration::from_secs(60)) };
        let digest_sender = DigestSender {
            digests: &memory,
            roster: &memory,
            events: &memory,
            notifier: &provider,
            backoff: BackoffPolicy::default(),
            concurrency: AT_ONCE,
            clock: &clock,
            is_stopping: &|| false,
        };
        let event = EventId::parse(DANCE).unwrap();
        assert!(until_it_stands_still(digest_sender.send_digest(&event, until)).is_some(), "it ends in its time");
        // Other events that have become due meanwhile come first.
        assert!(memory.next_due().is_none_or(|due_at| due_at >= memory.now()));
        invocations += 1;
        assert!(invocations < 200, "it gets nowhere");
    }
    let mut notified: Vec<String> = memory.state().notified.iter().map(|(_, name, _)| name.clone()).collect();
    let sturdy_are_notified_by = memory.state().notified[PAGE * 9 / 10 - 1].0;
    assert!(
        sturdy_are_notified_by.since(start()) < Duration::from_secs(10 * 60),
        "{sturdy_are_notified_by}: failing recipients go first"
    );
    notified.sort();
    let expected: Vec<String> = (0..PAGE).map(|number| format!("Guest {number:05}")).collect();
    assert!(notified == expected, "{} of {PAGE} were notified", notified.len());
}
