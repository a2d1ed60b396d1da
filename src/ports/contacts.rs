//! The opt-in of each contact.

use async_trait::async_trait;

use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::OptIn;
use crate::ports::{Unavailable, Write};

/// The opt-in of each contact.
#[async_trait]
pub trait Contacts: Send + Sync {
    async fn opt_in(&self, contact: &ContactId) -> Result<Option<OptIn>, Unavailable>;

    /// Stores an opt-in. It is a conflict if the stored opt-in is not `before`.
    async fn set_opt_in(&self, contact: &ContactId, expected: Option<OptIn>, new: OptIn) -> Result<Write, Unavailable>;
}
