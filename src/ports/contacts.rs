//! Opt-ins of contacts.

use async_trait::async_trait;

use crate::domain::opt_in::{Consent, ContactId};
use crate::ports::Unavailable;

/// What the owners of addresses have said.
#[async_trait]
pub trait Contacts: Send + Sync {
    async fn consent(&self, contact: &ContactId) -> Result<Option<Consent>, Unavailable>;

    /// Stores what is said now, if that was said before; whether it was.
    async fn set_consent(
        &self,
        contact: &ContactId,
        before: Option<Consent>,
        now: Consent,
    ) -> Result<bool, Unavailable>;
}
