//! Several events whose digests are due share the time and the number of concurrent notifications.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::event::EventId;
use countmein::domain::notification::Notification;
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::DigestSender;
use countmein::ports::{NotificationCounts, Notified, Notifier, SendError};

use crate::memory::Memory;
use crate::sending::until_it_stands_still;
use crate::start;

/// A simulated provider that takes a second for each call, and counts concurrent calls.
struct Provider<'a> {
    memory: &'a Memory,
    calls: AtomicUsize,
    most_at_once: AtomicUsize,
}

#[async_trait]
impl Notifier for Provider<'_> {
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        let calls = 1 + self.calls.fetch_add(1, Ordering::Relaxed);
        self.most_at_once.fetch_max(calls, Ordering::Relaxed);
        tokio::task::yield_now().await;
        self.memory.advance(Duration::from_secs(1));
        self.calls.fetch_sub(1, Ordering::Relaxed);
        self.memory.notify(notification).await
    }
}

struct Sent {
    results: Vec<(EventId, NotificationCounts)>,
    most_at_once: usize,
}

/// Sends the digests of events with 20 attendees each.
fn send(events: usize, concurrency: usize, seconds: u64, is_stopping: bool) -> Sent {
    let memory = Memory::new(start());
    let titles: Vec<String> = (1..=events).map(|number| format!("Party {number}")).collect();
    for title in &titles {
        for number in 0..20 {
            memory.request(title, &format!("Guest {number:02}"), Request::trusted_sign_up(None));
        }
    }
    memory.take_in(BackoffPolicy::default()).unwrap();
    let provider = Provider { memory: &memory, calls: 0.into(), most_at_once: 0.into() };
    let digest_sender = DigestSender {
        digests: &memory,
        roster: &memory,
        events: &memory,
        notifier: &provider,
        backoff: BackoffPolicy::default(),
        concurrency,
        clock: &|| memory.now(),
        is_stopping: &|| is_stopping,
    };
    let results = Mutex::new(Vec::new());
    let events = titles.iter().map(|title| EventId::parse(title).unwrap()).collect();
    let deadline: Timestamp = memory.now().plus(Duration::from_secs(seconds));
    let sending = digest_sender.send_digests(events, deadline, |event, counts| {
        results.lock().unwrap().push((event.clone(), counts.unwrap()));
    });
    until_it_stands_still(sending).expect("it ends");
    Sent { results: results.into_inner().unwrap(), most_at_once: provider.most_at_once.into_inner() }
}

#[test]
fn concurrent_notifications_are_shared_by_the_events() {
    let sent = send(4, 8, 1_000, false);
    assert_eq!(sent.most_at_once, 8);
    assert_eq!(sent.results.len(), 4);
    // One more for those who listen to all events.
    assert!(sent.results.iter().all(|(_, counts)| counts.delivered == 21));
}

#[test]
fn every_event_gets_a_share_of_the_time() {
    // Four at the same time, so each of the four has 8 of the 16 seconds.
    let sent = send(8, 4, 16, false);
    assert_eq!(sent.results.len(), 8);
    assert!(sent.results.iter().all(|(_, counts)| (1..21).contains(&counts.delivered)));
}

#[test]
fn nothing_begins_after_the_deadline_or_while_stopping() {
    assert!(send(2, 8, 0, false).results.is_empty());
    assert!(send(2, 8, 60, true).results.is_empty());
    assert_eq!(send(2, 8, 60, false).results.len(), 2);
}
