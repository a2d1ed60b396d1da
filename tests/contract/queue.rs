use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Deferral, Deferrals, Delivery, Depth, MAX_RECEIVES, Queue, STOPPED_REASON};

use crate::backend::Backend;

/// Past this a case has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// How far a queue's clock may be from ours.
const CLOCKS_APART: Duration = Duration::from_secs(5);

async fn send(queue: &dyn Queue, bodies: &[&str]) {
    queue.send(bodies.iter().map(|body| (*body).to_owned()).collect()).await.expect("the queue is there");
}

/// Receives until there are `count`, since a queue may hand out fewer than it holds.
async fn receive(queue: &dyn Queue, count: usize) -> Vec<Delivery> {
    let started = Instant::now();
    let mut received = Vec::new();
    while received.len() < count {
        assert!(started.elapsed() < PATIENCE, "only {received:?} came, not {count}");
        received.extend(queue.receive(count - received.len()).await.expect("the queue is there"));
    }
    received
}

async fn receive_one(queue: &dyn Queue) -> Delivery {
    receive(queue, 1).await.remove(0)
}

async fn ack(queue: &dyn Queue, deliveries: &[Delivery]) {
    let receipts = deliveries.iter().map(|delivery| delivery.receipt.clone()).collect();
    queue.ack(receipts).await.expect("the queue is there");
}

/// Defers a message after one more transient failure.
async fn defer(queue: &dyn Queue, delivery: &Delivery, delay: Duration) {
    let deferrals = Deferrals { attempts: delivery.deferrals.attempts + 1, ..delivery.deferrals };
    let deferral = Deferral { delivery: delivery.clone(), deferrals, delay, reason: "the disk is full".to_owned() };
    let results = queue.defer(vec![deferral]).await;
    assert!(matches!(results[..], [Ok(())]), "{results:?}");
}

async fn until_the_depth_is(queue: &dyn Queue, messages: u64) -> Depth {
    let started = Instant::now();
    loop {
        let depth = queue.depth().await.expect("the queue is there");
        if depth.messages == messages {
            return depth;
        }
        assert!(started.elapsed() < PATIENCE, "the depth stays {depth:?}, not {messages}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn bodies(deliveries: &[Delivery]) -> BTreeSet<&str> {
    deliveries.iter().map(|delivery| delivery.body.as_str()).collect()
}

pub async fn message_arrives_as_it_was_sent(backend: &Backend) {
    let body = format!("{{\"event\": \"Café 👩‍👩‍👧\"}}\r\n\t{}", "x".repeat(200_000));
    let before = Timestamp::now();
    send(&*backend.queue, &[&body]).await;
    let after = Timestamp::now();

    let delivery = receive_one(&*backend.queue).await;

    assert_eq!(delivery.body, body);
    assert_eq!(delivery.receive_count, 1);
    assert!(delivery.message_id.bytes().all(|byte| byte.is_ascii_graphic()) && !delivery.message_id.is_empty());
    let arrived = delivery.arrived_at;
    assert!(before <= arrived.plus(CLOCKS_APART) && arrived <= after.plus(CLOCKS_APART), "{arrived}");
}

pub async fn receive_respects_its_maximum(backend: &Backend) {
    let sent: Vec<String> = (0..25).map(|number| format!("message {number}")).collect();
    backend.queue.send(sent.clone()).await.expect("the queue is there");

    let started = Instant::now();
    let mut received = Vec::new();
    while received.len() < sent.len() {
        assert!(started.elapsed() < PATIENCE, "only {} came", received.len());
        let some = backend.queue.receive(4).await.expect("the queue is there");
        assert!(some.len() <= 4, "{} are more than 4", some.len());
        ack(&*backend.queue, &some).await;
        received.extend(some);
    }

    assert_eq!(bodies(&received), sent.iter().map(String::as_str).collect());
    let ids: BTreeSet<&str> = received.iter().map(|delivery| delivery.message_id.as_str()).collect();
    assert_eq!(ids.len(), sent.len(), "each message has an id of its own");
}

pub async fn receive_gets_as_many_messages_as_it_may(backend: &Backend) {
    let send = async || {
        let sent = (0..25).map(|number| format!("message {number}")).collect();
        backend.queue.send(sent).await.expect("the queue is there");
    };
    // One call to SQS gets ten messages at most.
    send().await;
    for (limit, expected) in [(10, 10), (12, 12)] {
        let received = backend.queue.receive(limit).await.expect("the queue is there");
        assert_eq!(received.len(), expected);
        ack(&*backend.queue, &received).await;
    }
    send().await;
    let received = backend.queue.receive(40).await.expect("the queue is there");
    assert_eq!(received.len(), 28, "all that are left");
    ack(&*backend.queue, &received).await;
}

pub async fn empty_batches_are_accepted(backend: &Backend) {
    backend.queue.send(Vec::new()).await.expect("the queue is there");
    backend.queue.ack(Vec::new()).await.expect("the queue is there");
    assert!(backend.queue.defer(Vec::new()).await.is_empty());
    assert_eq!(backend.queue.receive(10).await.expect("the queue is there"), []);
    assert_eq!(backend.queue.depth().await.expect("the queue is there"), Depth::default());
}

pub async fn waiting_receive_gets_new_messages(backend: &Backend) {
    let queue = backend.queue.clone();
    let waiting = tokio::spawn(async move { receive_one(&*queue).await });
    tokio::task::yield_now().await;
    send(&*backend.queue, &["hello"]).await;
    assert_eq!(waiting.await.expect("the receiver goes on").body, "hello");
}

pub async fn unacked_message_returns_after_visibility_timeout(backend: &Backend) {
    send(&*backend.queue, &["hello"]).await;
    let before = Instant::now();
    let first = receive_one(&*backend.queue).await;

    let second = receive_one(&*backend.queue).await;

    // Both clocks are read outside the queue, so that this can only be too kind by a call's duration.
    assert!(before.elapsed() >= backend.visibility, "it came back after {:?}", before.elapsed());
    assert_eq!((first.receive_count, second.receive_count), (1, 2));
    assert_eq!(
        (second.message_id, second.body, second.arrived_at),
        (first.message_id, first.body, first.arrived_at),
        "it is the same message"
    );
}

pub async fn acked_message_is_gone(backend: &Backend) {
    send(&*backend.queue, &["done", "not done"]).await;
    let deliveries = receive(&*backend.queue, 2).await;
    let (done, not_done): (Vec<_>, Vec<_>) = deliveries.into_iter().partition(|delivery| delivery.body == "done");

    ack(&*backend.queue, &done).await;
    let depth = until_the_depth_is(&*backend.queue, 1).await;
    assert_eq!(depth.oldest, backend.oldest(not_done[0].arrived_at));

    let again = receive_one(&*backend.queue).await;
    assert_eq!(again.body, "not done");
    ack(&*backend.queue, &[again]).await;
    assert_eq!(until_the_depth_is(&*backend.queue, 0).await, Depth::default());
}

pub async fn second_ack_is_harmless(backend: &Backend) {
    send(&*backend.queue, &["first"]).await;
    let first = receive_one(&*backend.queue).await;
    ack(&*backend.queue, std::slice::from_ref(&first)).await;
    send(&*backend.queue, &["second"]).await;

    ack(&*backend.queue, std::slice::from_ref(&first)).await;

    assert_eq!(receive_one(&*backend.queue).await.body, "second");
}

pub async fn deferred_message_returns_as_its_original(backend: &Backend) {
    send(&*backend.queue, &["hello", "world"]).await;
    let mut deliveries = receive(&*backend.queue, 2).await;
    let originals = deliveries.clone();
    for attempts in 1..=MAX_RECEIVES + 1 {
        let before = Instant::now();
        for delivery in &deliveries {
            defer(&*backend.queue, delivery, Duration::ZERO).await;
        }
        deliveries = receive(&*backend.queue, 2).await;
        deliveries.sort_by(|one, other| one.body.cmp(&other.body));
        assert!(before.elapsed() < backend.visibility, "the deferral had no effect");
        for (delivery, original) in deliveries.iter().zip(&originals) {
            let expected = Delivery {
                receipt: delivery.receipt.clone(),
                deferrals: Deferrals { attempts, early_attempts: 0 },
                ..original.clone()
            };
            assert_eq!(delivery, &expected);
        }
    }
    until_the_depth_is(&*backend.queue, 2).await;
}

pub async fn deferred_message_waits_for_its_delay(backend: &Backend) {
    let delay = backend.visibility + Duration::from_secs(1);
    send(&*backend.queue, &["hello"]).await;
    let delivery = receive_one(&*backend.queue).await;

    let before = Instant::now();
    defer(&*backend.queue, &delivery, delay).await;
    receive_one(&*backend.queue).await;

    assert!(before.elapsed() >= delay, "it came back after {:?}", before.elapsed());
}

/// As if the program stopped on it each time.
pub async fn message_without_an_outcome_becomes_a_reject(backend: &Backend) {
    // The dead-letter queue's worker would process a valid message.
    send(&*backend.queue, &["poor message"]).await;
    let started = Instant::now();
    let original = receive_one(&*backend.queue).await;
    let reject = loop {
        let again = backend.queue.receive(10).await.expect("the queue is there");
        assert!(again.iter().all(|delivery| delivery.receive_count <= MAX_RECEIVES), "{again:?}");
        if let Some(reject) = backend.rejected.get(&original.message_id).await.expect("the backend is there") {
            break reject;
        }
        assert!(started.elapsed() < 2 * PATIENCE, "it is neither on the queue nor among the rejects");
    };

    assert_eq!((reject.body.as_str(), reject.arrived_at), ("poor message", original.arrived_at));
    assert!(reject.reason == STOPPED_REASON || reject.reason.contains("JSON"), "{}", reject.reason);
    assert!(reject.rejected_at >= reject.arrived_at);
    until_the_depth_is(&*backend.queue, 0).await;
}

pub async fn depth_counts_unacked_messages(backend: &Backend) {
    send(&*backend.queue, &["older"]).await;
    let older = receive_one(&*backend.queue).await;
    while Timestamp::now() <= older.arrived_at {
        tokio::task::yield_now().await;
    }
    send(&*backend.queue, &["newer", "newest"]).await;

    let depth = until_the_depth_is(&*backend.queue, 3).await;
    assert_eq!(depth.oldest, backend.oldest(older.arrived_at));
    ack(&*backend.queue, std::slice::from_ref(&older)).await;
    let depth = until_the_depth_is(&*backend.queue, 2).await;
    assert!(depth.oldest > Some(older.arrived_at) || !backend.reports_the_oldest, "{depth:?}");
}

pub async fn receivers_share_no_message(backend: &Backend) {
    let sent: Vec<String> = (0..60).map(|number| format!("message {number}")).collect();
    backend.queue.send(sent.clone()).await.expect("the queue is there");

    let receivers: Vec<_> = (0..6)
        .map(|_| {
            let queue = backend.queue.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let some = queue.receive(5).await.expect("the queue is there");
                    if some.is_empty() {
                        return mine;
                    }
                    ack(&*queue, &some).await;
                    mine.extend(some);
                }
            })
        })
        .collect();
    let mut received = Vec::new();
    for receiver in receivers {
        received.extend(receiver.await.expect("the receiver goes on"));
    }

    assert_eq!(received.len(), sent.len(), "none comes twice");
    assert_eq!(bodies(&received), sent.iter().map(String::as_str).collect());
}
