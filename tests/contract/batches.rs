//! What the worker does with a batch: how much it takes at once, and what it gives back to the queue.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countmein::app::worker::{Job, Worker, work_until};
use countmein::domain::channel::Channel;
use countmein::domain::event_creators::EventCreators;
use countmein::domain::limit::Limit;
use countmein::domain::outbox_message::MessageKind;
use countmein::domain::retry_schedule::RetrySchedule;
use countmein::domain::signup::SignupId;
use countmein::formats::message;
use countmein::ports::{Deferral, Delivery, Depth, IngestCounts, MessageOutcome, Meter, Queue, Unavailable};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::backend::Backend;
use crate::ingest::message_id;
use crate::people::{at, person, unique};

const PATIENCE: Duration = Duration::from_secs(60);

/// Records the outcomes of each batch.
#[derive(Default)]
struct Batches(Mutex<Vec<IngestCounts>>);

impl Meter for Batches {
    fn ingested(&self, counts: &IngestCounts) {
        self.0.lock().unwrap().push(*counts);
    }

    fn accepted(&self, _: Channel, _: u32) {}
    fn attempted(&self, _: &[(MessageKind, MessageOutcome)]) {}
    fn parked(&self, _: u64) {}
    fn suppressed(&self, _: Limit) {}
    fn checkpoint_failed(&self) {}
    fn answered(&self, _: &str, _: &str, _: u16, _: Duration) {}
}

/// A queue that records how many messages each call defers.
struct Recorded {
    queue: Arc<dyn Queue>,
    deferred: Mutex<Vec<usize>>,
}

#[async_trait]
impl Queue for Recorded {
    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable> {
        self.queue.send(bodies).await
    }

    async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable> {
        self.queue.receive(limit).await
    }

    async fn ack(&self, receipts: Vec<String>) -> Result<(), Unavailable> {
        self.queue.ack(receipts).await
    }

    async fn defer(&self, deferrals: Vec<Deferral>) -> Vec<Result<(), Unavailable>> {
        self.deferred.lock().unwrap().push(deferrals.len());
        self.queue.defer(deferrals).await
    }

    async fn depth(&self) -> Result<Depth, Unavailable> {
        self.queue.depth().await
    }

    async fn check_writable(&self) -> Result<(), Unavailable> {
        self.queue.check_writable().await
    }
}

/// What a worker did until its queue was empty.
struct Work {
    batches: Vec<IngestCounts>,
    deferred: Vec<usize>,
}

/// Lets a worker work until the queue is empty. Calls `before_retry` after the first deferral.
async fn work(backend: &Backend, before_retry: impl AsyncFnOnce()) -> Work {
    let batches = Arc::new(Batches::default());
    let queue = Arc::new(Recorded { queue: Arc::clone(&backend.queue), deferred: Mutex::default() });
    let worker = Worker {
        queue: queue.clone(),
        job: Job::Ingest,
        backend: backend.ports.clone(),
        creators: EventCreators::Anyone,
        retries: RetrySchedule { initial: Duration::from_secs(1), maximum: Duration::from_secs(1) },
        metrics: batches.clone(),
    };
    let stop = CancellationToken::new();
    let working = tokio::spawn(work_until(worker, stop.clone()));
    let deadline = Instant::now() + PATIENCE;
    let mut before_retry = Some(before_retry);
    while backend.queue.depth().await.unwrap().messages > 0 {
        assert!(Instant::now() < deadline, "the queue is never empty");
        if !queue.deferred.lock().unwrap().is_empty()
            && let Some(before_retry) = before_retry.take()
        {
            before_retry().await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    working.await.unwrap();
    Work { batches: batches.0.lock().unwrap().clone(), deferred: queue.deferred.lock().unwrap().clone() }
}

pub async fn waiting_messages_are_applied_at_the_first_attempt(backend: &Backend) {
    let event = unique("Dance");
    let signups = (0..20).map(|number| person(&event, &format!("Guest {number:02}")).joins(1, &message_id()));
    backend.queue.send(signups.map(|signup| message::write(&signup)).collect()).await.unwrap();

    let work = work(backend, async || {}).await;

    let stored = |counts: &IngestCounts| IngestCounts { stored: counts.stored, ..IngestCounts::default() };
    assert!(work.batches.iter().all(|counts| *counts == stored(counts)), "{:?}", work.batches);
    assert_eq!(work.batches.iter().map(|counts| counts.stored).sum::<u64>(), 20);
    assert!(work.batches.iter().any(|counts| counts.stored > 1), "they are processed together");
    assert!(work.batches.iter().all(|counts| counts.stored > 0), "an empty batch is not processed");
    assert_eq!(work.deferred, [0; 0], "nothing is deferred");
}

pub async fn early_request_is_deferred_until_its_signup_arrives(backend: &Backend) {
    let event = unique("Dance");
    let ana = person(&event, "Ana");
    let owner = SignupId::new(at(1));
    let send = async |signup| backend.queue.send(vec![message::write(&signup)]).await.unwrap();
    send(ana.leaves(2, &message_id(), &owner)).await;

    let work = work(backend, async || send(ana.joins(1, owner.as_str())).await).await;

    assert!(!work.deferred.is_empty() && work.deferred.iter().all(|count| *count == 1), "{:?}", work.deferred);
    assert_eq!(work.batches.iter().map(|counts| counts.stored).sum::<u64>(), 2);
    let attendee = backend.roster.attendee(&ana.key()).await.unwrap().unwrap();
    assert_eq!(attendee.registration(), None);
}
