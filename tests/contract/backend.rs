//! The backends under the contract.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "aws")]
use countmein::adapters::dynamodb::EventsTable;
#[cfg(feature = "aws")]
use countmein::adapters::dynamodb::stream::TableStream;
#[cfg(feature = "aws")]
use countmein::adapters::metrics::prometheus::Metrics;
use countmein::adapters::sqlite::Sqlite;
#[cfg(feature = "aws")]
use countmein::adapters::sqs::Sqs;
#[cfg(feature = "aws")]
use countmein::app::worker::{Job, Worker, work_until};
use countmein::domain::backoff::Noise;
use countmein::domain::change::Change;
use countmein::domain::timestamp::Timestamp;
use countmein::ingest::{Processed, ingest};
use countmein::ports::{ChangeFeed, Delivery, Digests, Position, Queue, Rejects, Roster};
use countmein::{fanout, ports};
#[cfg(feature = "aws")]
use tokio_util::sync::CancellationToken;

/// A storage backend under test, and how it differs from others.
#[derive(Clone)]
pub struct Backend {
    pub ports: ports::Backend,
    pub queue: Arc<dyn Queue>,
    pub changes: Arc<dyn ChangeFeed>,
    /// How long the queue keeps a message from others once it was handed out.
    pub visibility: Duration,
    /// How many random histories it is put through.
    pub histories: u32,
    /// Whether the queue's depth names its oldest message.
    pub tells_the_oldest: bool,
    /// Whether a removal reaches what the change feed told before.
    pub rewrites_its_feed: bool,
    /// What brings titles and counts up to the changes, where the roster's writer does not.
    follower: Option<Follower>,
    /// What must outlive the ports.
    _home: Arc<dyn Any + Send + Sync>,
}

/// Takes the feed's changes into digests, as the program does.
#[derive(Clone)]
struct Follower {
    digests: Arc<dyn Digests>,
    position: Arc<tokio::sync::Mutex<Position>>,
}

impl Deref for Backend {
    type Target = ports::Backend;

    fn deref(&self) -> &Self::Target {
        &self.ports
    }
}

impl Backend {
    /// Brings titles and counts up to every change so far; the position of the last, or of none where the roster's
    /// writer does it.
    pub async fn catch_up(&self) -> Position {
        let Some(Follower { digests, position }) = &self.follower else { return Position::START };
        let mut position = position.lock().await;
        loop {
            let page = self.changes.changes(&position, 100).await.expect("the backend is there");
            let Some((last, _)) = page.last() else { return position.clone() };
            let last = last.clone();
            let changes: Vec<Change> = page.into_iter().map(|(_, change)| change).collect();
            fanout::add_to_digests(&changes, &**digests, &Noise::default(), Timestamp::now())
                .await
                .expect("the backend is there");
            *position = last;
        }
    }

    /// On a roster and with rejects that may be others than its own.
    pub async fn ingest(
        &self,
        deliveries: &[Delivery],
        roster: Arc<dyn Roster>,
        rejects: Arc<dyn Rejects>,
        now: Timestamp,
    ) -> Vec<Processed> {
        ingest(deliveries, &ports::Backend { roster, rejects, ..self.ports.clone() }, now).await
    }

    /// What the queue's depth says if its oldest message arrived then.
    pub fn oldest(&self, arrived_at: Timestamp) -> Option<Timestamp> {
        self.tells_the_oldest.then_some(arrived_at)
    }
}

/// DynamoDB and SQS, in an account of MiniStack of its own.
#[cfg(feature = "aws")]
pub async fn aws() -> Backend {
    let config = crate::support::ministack::Account::new().config();
    let table = EventsTable::new(&config, "Events");
    table.ensure().await.expect("MiniStack makes the table");
    let visibility = Duration::from_secs(3);
    let (url, dead_letters) = crate::support::ministack::queues(&config, visibility).await;
    let ports = Arc::new(table.clone());
    let job = Job::RejectDeadLetters { rejects: ports.clone() };
    let reject_dead_letters =
        Worker { queue: Arc::new(Sqs::new(&config, dead_letters)), job, metrics: Arc::new(Metrics::new()) };
    let stop = CancellationToken::new();
    tokio::spawn(work_until(reject_dead_letters, stop.clone()));
    Backend {
        ports: table.backend(),
        queue: Arc::new(Sqs::new(&config, url)),
        changes: Arc::new(TableStream::new(&config, table)),
        visibility,
        histories: 50,
        tells_the_oldest: false,
        rewrites_its_feed: false,
        follower: Some(Follower { digests: ports, position: Arc::default() }),
        _home: Arc::new(stop.drop_guard()),
    }
}

/// SQLite in a folder of its own.
pub async fn sqlite() -> Backend {
    // Long enough for a case to be done with a message on a busy machine, short enough to be waited for.
    let visibility = Duration::from_secs(3);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let sqlite = Arc::new(Sqlite::open_with_visibility(folder.path(), visibility).expect("the folder is ours"));
    Backend {
        ports: sqlite.backend(),
        queue: sqlite.clone(),
        changes: sqlite,
        visibility,
        histories: 200,
        tells_the_oldest: true,
        rewrites_its_feed: true,
        follower: None,
        _home: Arc::new(folder),
    }
}
