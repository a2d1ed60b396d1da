//! Opt-ins of contacts.

use async_trait::async_trait;

use crate::domain::opt_in::{ContactId, OptIn};
use crate::ports::{Unavailable, Write};

/// What the owners of addresses have said.
#[async_trait]
pub trait Contacts: Send + Sync {
    async fn opt_in(&self, contact: &ContactId) -> Result<Option<OptIn>, Unavailable>;

    /// Stores what is said now, if that was said before; whether it was.
    async fn set_opt_in(&self, contact: &ContactId, before: Option<OptIn>, now: OptIn) -> Result<Write, Unavailable>;
}
