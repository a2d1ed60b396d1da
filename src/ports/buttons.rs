//! Registered buttons.

use async_trait::async_trait;

use crate::domain::button::{Button, Serial};
use crate::ports::{Deletion, Unavailable};

/// The buttons that the organiser registered, by serial number.
#[async_trait]
pub trait Buttons: Send + Sync {
    /// Registers a button, in place of what was registered under its serial number.
    async fn register(&self, button: Button) -> Result<(), Unavailable>;

    /// Those of them that are registered, in no particular order.
    async fn find(&self, serials: &[Serial]) -> Result<Vec<Button>, Unavailable>;

    /// By serial number, code point by code point.
    async fn registered(&self, limit: usize, after: Option<&Serial>) -> Result<Vec<Button>, Unavailable>;

    /// Whether there was one.
    async fn unregister(&self, serial: &Serial) -> Result<Deletion, Unavailable>;
}
