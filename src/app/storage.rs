//! An opened storage backend, with its secrets and background tasks.

use std::pin::Pin;
use std::sync::Arc;

use crate::domain::secret::Secret;
use crate::notify::Limits;
use crate::ports::{Backend, Queue, Secrets};

/// Runs until the token that it was made with is cancelled, and finishes what it has begun.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A storage backend and all that comes with it.
pub struct Storage {
    pub queue: Arc<dyn Queue>,
    pub backend: Backend,
    pub import_queue_limit: Option<u64>,
    /// None where this program sends no notifications.
    pub limits: Option<Limits>,
    pub token_secret: Secret,
    pub secrets: Arc<dyn Secrets>,
    /// Where the organiser's key is, for the operator.
    pub key_whereabouts: String,
    pub tasks: Vec<Task>,
    /// What is to be done once all tasks have ended.
    pub closing: Task,
}
