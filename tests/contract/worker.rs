//! The worker, with a queue and a roster that fail now and then, also after they have done what was asked.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countmein::adapters::metrics::prometheus::PrometheusMetrics;
use countmein::app::worker::{Job, Worker, work_until};
use countmein::domain::attendee::{Applied, Attendee};
use countmein::domain::attendee_name::NameKey;
use countmein::domain::event::EventId;
use countmein::domain::event_creators::EventCreators;
use countmein::domain::retry_schedule::RetrySchedule;
use countmein::domain::signup::AttendeeKey;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{
    ApplyError, AttendeeSignups, Deferral, Deletion, Delivery, Depth, EventSummary, Queue, RejectEntry,
    RejectedMessage, RejectedMessages, Roster, RosterPage, Unavailable,
};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::backend::Backend;
use crate::people::unique;
use crate::support::seed;

const SIGNUPS: usize = 40;
const INVALID: usize = 5;

/// The number of calls that fail. Later calls succeed, so that the worker comes to an end.
const FAILURES: u32 = 40;

const PATIENCE: Duration = Duration::from_secs(120);

/// Decides which calls fail.
#[derive(Clone)]
struct Faults {
    random: Arc<Mutex<(fastrand::Rng, u32)>>,
}

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// The call has no effect.
    Before,
    /// The call takes effect, but its answer is lost.
    After,
}

impl Faults {
    fn next(&self) -> Fault {
        let (random, failures) = &mut *self.random.lock().unwrap();
        let fault = match random.u8(0..6) {
            0 => Fault::Before,
            1 => Fault::After,
            _ => return Fault::None,
        };
        *failures += 1;
        if *failures > FAILURES { Fault::None } else { fault }
    }

    /// Makes a call that may fail.
    async fn call<T>(&self, call: impl Future<Output = Result<T, Unavailable>>) -> Result<T, Unavailable> {
        match self.next() {
            Fault::None => call.await,
            Fault::Before => Err(failed()),
            Fault::After => call.await.and(Err(failed())),
        }
    }
}

fn failed() -> Unavailable {
    Unavailable { doing: "calling", cause: "intended by the test".to_owned() }
}

struct Faulty<T: ?Sized> {
    port: Arc<T>,
    faults: Faults,
    /// Whether the last call failed that ends a delivery. The next one succeeds: a message whose deliveries never end is
    /// rejected.
    has_failed: AtomicBool,
}

impl<T: ?Sized> Faulty<T> {
    fn new(port: &Arc<T>, faults: &Faults) -> Arc<Self> {
        Arc::new(Self { port: Arc::clone(port), faults: faults.clone(), has_failed: AtomicBool::new(false) })
    }

    fn next_unless_repeated(&self) -> Fault {
        let fault = if self.has_failed.load(Ordering::Relaxed) { Fault::None } else { self.faults.next() };
        self.has_failed.store(fault != Fault::None, Ordering::Relaxed);
        fault
    }
}

#[async_trait]
impl Queue for Faulty<dyn Queue> {
    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable> {
        self.port.send(bodies).await
    }

    /// Does not lose its answer: the messages would count as received without an outcome.
    async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable> {
        if self.faults.next() == Fault::Before { Err(failed()) } else { self.port.receive(limit).await }
    }

    async fn ack(&self, receipts: Vec<String>) -> Result<(), Unavailable> {
        match self.next_unless_repeated() {
            Fault::None => self.port.ack(receipts).await,
            Fault::Before => Err(failed()),
            Fault::After => self.port.ack(receipts).await.and(Err(failed())),
        }
    }

    async fn defer(&self, deferrals: Vec<Deferral>) -> Vec<Result<(), Unavailable>> {
        let count = deferrals.len();
        match self.next_unless_repeated() {
            Fault::None => self.port.defer(deferrals).await,
            Fault::Before => vec![Err(failed()); count],
            Fault::After => {
                self.port.defer(deferrals).await.into_iter().map(|deferred| deferred.and(Err(failed()))).collect()
            }
        }
    }

    async fn depth(&self) -> Result<Depth, Unavailable> {
        self.port.depth().await
    }

    async fn check_writable(&self) -> Result<(), Unavailable> {
        self.port.check_writable().await
    }
}

#[async_trait]
impl Roster for Faulty<dyn Roster> {
    async fn apply(
        &self,
        batches: Vec<AttendeeSignups>,
        now: Timestamp,
        deadline: Instant,
    ) -> Vec<Result<Vec<Applied>, ApplyError>> {
        let mut results = Vec::new();
        for batch in batches {
            let fault = self.faults.next();
            if fault == Fault::Before {
                results.push(Err(failed().into()));
                continue;
            }
            let applied = self.port.apply(vec![batch], now, deadline).await.remove(0);
            results.push(if fault == Fault::After { Err(failed().into()) } else { applied });
        }
        results
    }

    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable> {
        self.faults.call(self.port.attendee(key)).await
    }

    async fn roster(&self, event: &EventId, limit: usize, after: Option<&NameKey>) -> Result<RosterPage, Unavailable> {
        self.port.roster(event, limit, after).await
    }

    async fn events(&self, limit: usize, after: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable> {
        self.port.events(limit, after).await
    }

    async fn all_attendees(&self, limit: usize, after: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable> {
        self.port.all_attendees(limit, after).await
    }

    async fn remove(&self, name: &NameKey, event: Option<&EventId>, now: Timestamp) -> Result<u64, Unavailable> {
        self.port.remove(name, event, now).await
    }
}

#[async_trait]
impl RejectedMessages for Faulty<dyn RejectedMessages> {
    async fn put(&self, messages: Vec<RejectedMessage>) -> Result<(), Unavailable> {
        self.faults.call(self.port.put(messages)).await
    }

    async fn list(&self, limit: usize, after: Option<&str>) -> Result<Vec<RejectedMessage>, Unavailable> {
        self.port.list(limit, after).await
    }

    async fn entries(&self, limit: usize, after: Option<&str>) -> Result<Vec<RejectEntry>, Unavailable> {
        self.port.entries(limit, after).await
    }

    async fn get(&self, id: &str) -> Result<Option<RejectedMessage>, Unavailable> {
        self.port.get(id).await
    }

    async fn delete(&self, id: &str) -> Result<Deletion, Unavailable> {
        self.port.delete(id).await
    }
}

pub async fn nothing_is_lost_or_invented(backend: &Backend) {
    let faults = Faults { random: Arc::new(Mutex::new((seed::rng(), 0))) };
    let event = unique("Dance");
    let name = |number: usize| format!("Guest {number:02}");
    let valid = (0..SIGNUPS).map(|number| json!({ "event": event, "name": name(number) }).to_string());
    let invalid = (0..INVALID).map(|number| json!({ "event": event, "note": number }).to_string());
    for body in valid.chain(invalid) {
        backend.queue.send(vec![body]).await.unwrap();
    }

    let mut ports = backend.ports.clone();
    ports.roster = Faulty::new(&backend.ports.roster, &faults);
    ports.rejected = Faulty::new(&backend.ports.rejected, &faults);
    let worker = Worker {
        creators: EventCreators::Anyone,
        queue: Faulty::new(&backend.queue, &faults),
        job: Job::Ingest,
        backend: ports,
        retries: RetrySchedule { initial: Duration::from_secs(1), maximum: Duration::from_secs(1) },
        metrics: Arc::new(PrometheusMetrics::new()),
    };
    let stop = CancellationToken::new();
    let working = tokio::spawn(work_until(worker, stop.clone()));
    let deadline = Instant::now() + PATIENCE;
    while backend.queue.depth().await.unwrap().messages > 0 {
        assert!(Instant::now() < deadline, "the queue is never empty");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    working.await.unwrap();

    let roster = backend.roster.roster(&EventId::parse(&event).unwrap(), 1_000, None).await.unwrap();
    let found: BTreeSet<String> = roster.attendees.iter().map(|attendee| attendee.name.to_string()).collect();
    assert_eq!(found, (0..SIGNUPS).map(name).collect());
    let rejects = backend.rejected.list(1_000, None).await.unwrap();
    let rejects = rejects.iter().filter(|reject| reject.body.contains(&event));
    let reasons: Vec<&str> = rejects.map(|reject| reject.reason.as_str()).collect();
    assert_eq!(reasons, ["`name` is missing; add it"; INVALID]);
}
