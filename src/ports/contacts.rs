//! The opt-in of each contact.

use async_trait::async_trait;

use crate::domain::opt_in::{ContactId, OptIn};
use crate::ports::{Unavailable, Write};

/// The opt-in of each contact.
#[async_trait]
pub trait Contacts: Send + Sync {
    async fn opt_in(&self, contact: &ContactId) -> Result<Option<OptIn>, Unavailable>;

    /// Stores an opt-in. It is a conflict if something else than `before` is stored.
    async fn set_opt_in(&self, contact: &ContactId, before: Option<OptIn>, now: OptIn) -> Result<Write, Unavailable>;
}
