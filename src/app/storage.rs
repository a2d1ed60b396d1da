//! An opened storage backend, with its secrets and background tasks.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::secret::Secret;
use crate::notify::Limits;
use crate::ports::{Backend, Queue, Secrets};

/// A future that finishes its current work and ends when its cancellation token is cancelled.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A storage backend, its secrets, and the tasks to run while the server serves.
pub struct Storage {
    pub queue: Arc<dyn Queue>,
    pub backend: Backend,
    /// An import waits while the queue holds more messages than this. `None` if imports never wait.
    pub import_queue_limit: Option<u64>,
    /// The limits on notifications. `None` if this program sends no notifications.
    pub limits: Option<Limits>,
    pub token_secret: Secret,
    pub secrets: Arc<dyn Secrets>,
    /// The number of commits that have stored something, increased after each. `None` if other programs store something, too.
    pub commits: Option<watch::Receiver<u64>>,
    /// Location of the organiser's key, in words for the log.
    pub key_location: String,
    pub tasks: Vec<Task>,
    /// Runs after all tasks have ended.
    pub on_close: Task,
}
