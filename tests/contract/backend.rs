//! The backends under the contract.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "aws")]
use countmein::aws::events_table::EventsTable;
#[cfg(feature = "aws")]
use countmein::aws::events_table::stream::TableStream;
#[cfg(feature = "aws")]
use countmein::aws::sqs::Sqs;
use countmein::fanout;
use countmein::ingest::{Ports, Settlement, ingest};
#[cfg(feature = "aws")]
use countmein::metrics::Metrics;
use countmein::ports::{
    Budgets, Buttons, Change, ChangeFeed, Contacts, Delivery, Digests, Households, Idempotency, Position, Queue,
    Rejects, Roster,
};
use countmein::quiet::Noise;
use countmein::standalone::sqlite::Sqlite;
#[cfg(feature = "aws")]
use countmein::standalone::worker::{Task, Worker, work_until};
use countmein::timestamp::Timestamp;
#[cfg(feature = "aws")]
use tokio::sync::watch;

/// One home of the data, port by port.
#[derive(Clone)]
pub struct Backend {
    pub queue: Arc<dyn Queue>,
    pub roster: Arc<dyn Roster>,
    pub rejects: Arc<dyn Rejects>,
    pub changes: Arc<dyn ChangeFeed>,
    pub idempotency: Arc<dyn Idempotency>,
    pub buttons: Arc<dyn Buttons>,
    pub households: Arc<dyn Households>,
    pub digests: Arc<dyn Digests>,
    pub contacts: Arc<dyn Contacts>,
    pub budgets: Arc<dyn Budgets>,
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
            fanout::take_in(&changes, &**digests, &Noise::default(), Timestamp::now())
                .await
                .expect("the backend is there");
            *position = last;
        }
    }

    /// On a roster and with rejects that may be others than its own.
    pub async fn ingest(
        &self,
        deliveries: &[Delivery],
        roster: &dyn Roster,
        rejects: &dyn Rejects,
        now: Timestamp,
    ) -> Vec<Settlement> {
        let (buttons, idempotency) = (&*self.buttons, &*self.idempotency);
        ingest(deliveries, Ports { roster, rejects, buttons, idempotency }, now).await
    }

    /// What the queue's depth says if its oldest message arrived then.
    pub fn oldest(&self, arrived_at: Timestamp) -> Option<Timestamp> {
        self.tells_the_oldest.then_some(arrived_at)
    }
}

/// DynamoDB and SQS, in an account of MiniStack of its own.
#[cfg(feature = "aws")]
pub async fn aws() -> Backend {
    let config = crate::ministack::Account::new().config();
    let table = EventsTable::new(&config, "Events");
    table.ensure().await.expect("MiniStack makes the table");
    let visibility = Duration::from_secs(3);
    let (url, dead_letters) = crate::ministack::queues(&config, visibility).await;
    let ports = Arc::new(table.clone());
    let task = Task::Bury { rejects: ports.clone() };
    let bury = Worker { queue: Arc::new(Sqs::new(&config, dead_letters)), task, metrics: Arc::new(Metrics::new()) };
    let (end, ended) = watch::channel(false);
    tokio::spawn(work_until(bury, ended));
    Backend {
        queue: Arc::new(Sqs::new(&config, url)),
        roster: ports.clone(),
        rejects: ports.clone(),
        changes: Arc::new(TableStream::new(&config, table)),
        idempotency: ports.clone(),
        buttons: ports.clone(),
        households: ports.clone(),
        digests: ports.clone(),
        contacts: ports.clone(),
        budgets: ports.clone(),
        visibility,
        histories: 50,
        tells_the_oldest: false,
        rewrites_its_feed: false,
        follower: Some(Follower { digests: ports, position: Arc::default() }),
        _home: Arc::new(end),
    }
}

/// SQLite in a folder of its own.
pub async fn sqlite() -> Backend {
    // Long enough for a case to be done with a message on a busy machine, short enough to be waited for.
    let visibility = Duration::from_secs(3);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let sqlite = Arc::new(Sqlite::open_with_visibility(folder.path(), visibility).expect("the folder is ours"));
    Backend {
        queue: sqlite.clone(),
        roster: sqlite.clone(),
        rejects: sqlite.clone(),
        changes: sqlite.clone(),
        idempotency: sqlite.clone(),
        buttons: sqlite.clone(),
        households: sqlite.clone(),
        digests: sqlite.clone(),
        contacts: sqlite.clone(),
        budgets: sqlite,
        visibility,
        histories: 200,
        tells_the_oldest: true,
        rewrites_its_feed: true,
        follower: None,
        _home: Arc::new(folder),
    }
}
