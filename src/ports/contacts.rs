//! Stores the opt-in of each contact.

use async_trait::async_trait;

use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::OptIn;
use crate::ports::{Deletion, Unavailable, Write};

/// Stores the opt-in of each contact.
#[async_trait]
pub trait Contacts: Send + Sync {
    async fn opt_in(&self, contact: &ContactId) -> Result<Option<OptIn>, Unavailable>;

    /// Stores `new` if the stored opt-in equals `expected`. Otherwise returns [`Write::Conflict`].
    async fn set_opt_in(&self, contact: &ContactId, expected: Option<OptIn>, new: OptIn) -> Result<Write, Unavailable>;

    /// Deletes the opt-in, as if the contact had never been asked.
    async fn delete_opt_in(&self, contact: &ContactId) -> Result<Deletion, Unavailable>;
}
