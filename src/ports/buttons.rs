//! Registered buttons.

use async_trait::async_trait;

use crate::domain::button::{Button, Serial};
use crate::ports::{Deletion, Unavailable};

/// The buttons that the organiser registered.
#[async_trait]
pub trait Buttons: Send + Sync {
    /// Registers a button. It replaces one with the same serial number.
    async fn register(&self, button: Button) -> Result<(), Unavailable>;

    /// The registered buttons among `serials`, in no particular order.
    async fn find(&self, serials: &[Serial]) -> Result<Vec<Button>, Unavailable>;

    /// At most `limit` buttons by serial number, in code point order.
    async fn registered(&self, limit: usize, after: Option<&Serial>) -> Result<Vec<Button>, Unavailable>;

    async fn unregister(&self, serial: &Serial) -> Result<Deletion, Unavailable>;
}
