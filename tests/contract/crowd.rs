//! Many people sign up at once for an event with few places, through the queue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countmein::adapters::metrics::prometheus::PrometheusMetrics;
use countmein::app::worker::{Job, Worker, work_until};
use countmein::domain::event_creators::EventCreators;
use countmein::domain::retry_schedule::RetrySchedule;
use countmein::domain::seat::Standing;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::backend::Backend;
use crate::people::changes_of;
use crate::seats::Dinner;

const PLACES: usize = 100;

/// How many people sign up, unless `COUNTMEIN_CROWD` sets another number. `.ci/long` tries 10,000.
const PEOPLE: usize = 1_000;

/// Workers that process the queue at the same time.
const WORKERS: usize = 4;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

pub async fn crowd_gets_the_places_in_the_order_of_the_changes(backend: &Backend) {
    let people = std::env::var("COUNTMEIN_CROWD").map_or(PEOPLE, |people| people.parse().expect("a number of people"));
    let mut dinner = Dinner::new(backend, u32::try_from(PLACES).unwrap()).await;
    let title = dinner.details.content.title.to_string();
    let bodies: Vec<String> =
        (0..people).map(|number| json!({"event": title, "name": format!("Guest {number:05}")}).to_string()).collect();
    backend.queue.send(bodies).await.unwrap();
    let stop = CancellationToken::new();
    let workers = (0..WORKERS).map(|_| {
        let worker = Worker {
            creators: EventCreators::Anyone,
            queue: backend.queue.clone(),
            job: Job::Ingest,
            backend: backend.ports.clone(),
            retries: RetrySchedule { initial: Duration::from_secs(1), maximum: Duration::from_secs(1) },
            metrics: Arc::new(PrometheusMetrics::new()),
        };
        tokio::spawn(work_until(worker, stop.clone()))
    });
    let workers: Vec<_> = workers.collect();
    let deadline = Instant::now() + PATIENCE;
    // The places are decided while people still sign up.
    while backend.queue.depth().await.unwrap().messages > 0 {
        assert!(Instant::now() < deadline, "the queue is never empty");
        dinner.take_in().await;
    }
    stop.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    dinner.take_in().await;

    let changes = changes_of(backend, &[&title]).await;
    let in_order: Vec<String> = changes.iter().map(|change| change.key.name.as_str().to_owned()).collect();
    let names = |seats: Vec<(String, u8)>| seats.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let (confirmed, waiting) =
        (names(dinner.list(Standing::Confirmed).await), names(dinner.list(Standing::Waiting).await));
    assert_eq!((confirmed.len(), waiting.len()), (PLACES, people - PLACES));
    assert_eq!([confirmed, waiting].concat(), in_order);
}
