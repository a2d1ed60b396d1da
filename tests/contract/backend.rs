//! The backends under the contract.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use countmein::ports::{ChangeFeed, Idempotency, Queue, Rejects, Roster};
use countmein::standalone::sqlite::Sqlite;

/// One home of the data, port by port.
#[derive(Clone)]
pub struct Backend {
    pub queue: Arc<dyn Queue>,
    pub roster: Arc<dyn Roster>,
    pub rejects: Arc<dyn Rejects>,
    pub changes: Arc<dyn ChangeFeed>,
    pub idempotency: Arc<dyn Idempotency>,
    /// How long the queue keeps a message from others once it was handed out.
    pub visibility: Duration,
    /// What must outlive the ports.
    _home: Arc<dyn Any + Send + Sync>,
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
        idempotency: sqlite,
        visibility,
        _home: Arc::new(folder),
    }
}
