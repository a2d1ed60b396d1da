//! The backends under the contract.

use std::any::Any;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
#[cfg(feature = "aws")]
use countmein::adapters::dynamodb::EventsTable;
#[cfg(feature = "aws")]
use countmein::adapters::metrics::prometheus::PrometheusMetrics;
use countmein::adapters::sqlite::Sqlite;
#[cfg(feature = "aws")]
use countmein::adapters::sqs::Sqs;
#[cfg(feature = "aws")]
use countmein::app::worker::{Job, Worker, work_until};
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::event_creators::EventCreators;
use countmein::domain::outbox_message::OutboxMessage;
#[cfg(feature = "aws")]
use countmein::domain::retry_schedule::RetrySchedule;
use countmein::domain::secret::Secret;
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::EventPorts;
use countmein::ingest::{Processed, ingest};
use countmein::ports::{ChangeFeed, Delivery, Lane, OutboxTable as _, Position, Queue, RejectedMessages, Roster};
use countmein::{fanout, ports};
use tokio::time::Instant;
#[cfg(feature = "aws")]
use tokio_util::sync::CancellationToken;

/// A storage backend under test, and how it differs from others.
#[derive(Clone)]
pub struct Backend {
    pub ports: ports::Backend,
    pub queue: Arc<dyn Queue>,
    pub changes: Arc<dyn ChangeFeed>,
    /// The queue's visibility timeout.
    pub visibility: Duration,
    /// The number of random histories that it is tried with.
    pub histories: u32,
    /// Whether the queue's depth names its oldest message.
    pub reports_the_oldest: bool,
    /// Whether a removal also clears the contacts in earlier changes.
    pub clears_earlier_changes: bool,
    /// Takes messages about seats out of the outbox, or out of the change feed if the outbox is a queue.
    seat_messages: Arc<dyn TakeSeatMessages>,
    /// Updates titles and counts from the change feed, where the roster's writer does not.
    follower: Option<Follower>,
    /// Resources that must live as long as the ports.
    _resources: Arc<dyn Any + Send + Sync>,
}

/// The key of the ids of mailboxes.
pub static CONTACT_SECRET: LazyLock<Secret> =
    LazyLock::new(|| Secret::new("a secret for the contract").expect("it is long enough"));

/// Time for one batch.
pub const BATCH_TIME: Duration = Duration::from_secs(60);

/// Takes the feed's changes into digests, as the program does.
#[derive(Clone)]
struct Follower {
    position: Arc<tokio::sync::Mutex<Position>>,
}

/// Takes the messages about seats that were not taken before.
#[async_trait]
trait TakeSeatMessages: Send + Sync {
    async fn take(&self) -> Vec<OutboxMessage>;
}

#[async_trait]
impl TakeSeatMessages for Sqlite {
    async fn take(&self) -> Vec<OutboxMessage> {
        let now = Timestamp::now();
        let entries = self.claim(Lane::Direct, 1_000, now, now).await.expect("the backend is there");
        for entry in &entries {
            self.finish(entry).await.expect("the backend is there");
        }
        entries.into_iter().map(|entry| entry.message).collect()
    }
}

/// The stream of a table, and how many of its changes of seats were taken.
#[cfg(feature = "aws")]
struct SeatStream {
    stream: crate::support::ministack::stream::TableStream,
    taken: tokio::sync::Mutex<usize>,
}

#[cfg(feature = "aws")]
#[async_trait]
impl TakeSeatMessages for SeatStream {
    async fn take(&self) -> Vec<OutboxMessage> {
        let stream = self.stream.clone();
        let changes = tokio::task::spawn_blocking(move || stream.seat_changes()).await.expect("the stream can be read");
        let mut taken = self.taken.lock().await;
        let new = changes[*taken..].iter().filter_map(OutboxMessage::after_seat).collect();
        *taken = changes.len();
        new
    }
}

impl Deref for Backend {
    type Target = ports::Backend;

    fn deref(&self) -> &Self::Target {
        &self.ports
    }
}

impl Backend {
    /// Applies every change so far to titles and counts. Returns the position of the last, or the start where the roster's
    /// writer does it.
    pub async fn catch_up(&self) -> Position {
        let Some(Follower { position }) = &self.follower else { return Position::Start };
        let mut position = position.lock().await;
        loop {
            let page = self.changes.changes(&position, 100).await.expect("the backend is there");
            let Some((last, _)) = page.last() else { return position.clone() };
            let last = last.clone();
            let changes = page.into_iter().map(|(_, change)| change).collect();
            let (_, update) = fanout::take_in(changes, self.event_ports(), &BackoffPolicy::default(), Timestamp::now())
                .await
                .expect("the backend is there");
            assert_eq!(update.parked, 0, "every change is readable");
            *position = last;
        }
    }

    /// Takes the messages about seats that were not taken before.
    pub async fn take_seat_messages(&self) -> Vec<OutboxMessage> {
        self.seat_messages.take().await
    }

    /// The ports that changes are taken in with.
    pub fn event_ports(&self) -> EventPorts<'_> {
        EventPorts {
            digests: &*self.digests,
            events: &*self.events,
            calendar: &*self.calendar,
            deletions: &*self.deletions,
            subscribers: &*self.subscribers,
            seats: &*self.seats,
            contact_secret: &CONTACT_SECRET,
        }
    }

    /// Ingests with another roster and other rejects than its own.
    pub async fn ingest(
        &self,
        deliveries: &[Delivery],
        roster: Arc<dyn Roster>,
        rejects: Arc<dyn RejectedMessages>,
        now: Timestamp,
    ) -> Vec<Processed> {
        ingest(
            deliveries.to_vec(),
            &ports::Backend { roster, rejected: rejects, ..self.ports.clone() },
            EventCreators::Anyone,
            now,
            Instant::now() + BATCH_TIME,
        )
        .await
    }

    /// The oldest arrival that the queue's depth reports.
    pub fn oldest(&self, arrived_at: Timestamp) -> Option<Timestamp> {
        self.reports_the_oldest.then_some(arrived_at)
    }
}

/// DynamoDB and SQS, in an account of MiniStack of its own.
#[cfg(feature = "aws")]
pub async fn aws() -> Backend {
    let account = crate::support::ministack::Account::new();
    let config = account.config();
    let table = EventsTable::new(&config, "Events");
    table.ensure().await.expect("MiniStack makes the table");
    let visibility = Duration::from_secs(3);
    let (url, dead_letters) = crate::support::ministack::queues(&config, visibility).await;
    let dead_letters = Worker {
        queue: Arc::new(Sqs::dead_letters(&config, dead_letters, &url)),
        job: Job::IngestDeadLetters,
        backend: table.backend(),
        creators: EventCreators::Anyone,
        retries: RetrySchedule::SQS,
        metrics: Arc::new(PrometheusMetrics::new()),
    };
    let stop = CancellationToken::new();
    tokio::spawn(work_until(dead_letters, stop.clone()));
    Backend {
        ports: table.backend(),
        queue: Arc::new(Sqs::new(&config, url)),
        changes: Arc::new(crate::support::ministack::stream::TableStream::of(&account, "Events")),
        visibility,
        histories: 50,
        reports_the_oldest: false,
        clears_earlier_changes: false,
        seat_messages: Arc::new(SeatStream {
            stream: crate::support::ministack::stream::TableStream::of(&account, "Events"),
            taken: tokio::sync::Mutex::default(),
        }),
        follower: Some(Follower { position: Arc::default() }),
        _resources: Arc::new(stop.drop_guard()),
    }
}

/// SQLite in a folder of its own.
pub async fn sqlite() -> Backend {
    // Long enough for a case to process a message on a busy machine, short enough to wait for.
    let visibility = Duration::from_secs(3);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let sqlite = Arc::new(Sqlite::open_with_visibility(folder.path(), visibility).expect("the folder is ours"));
    Backend {
        ports: sqlite.backend(),
        queue: sqlite.clone(),
        seat_messages: sqlite.clone(),
        changes: sqlite,
        visibility,
        histories: 200,
        reports_the_oldest: true,
        clears_earlier_changes: true,
        follower: None,
        _resources: Arc::new(folder),
    }
}
