//! Registered buttons.

use async_trait::async_trait;

use crate::domain::button::{Button, Serial};
use crate::ports::{Deletion, Unavailable};

/// The buttons that the organiser registered.
#[async_trait]
pub trait Buttons: Send + Sync {
    /// Registers a button. A registered button with the same serial number is replaced.
    async fn register(&self, button: Button) -> Result<(), Unavailable>;

    /// Returns the registered buttons with these serial numbers, in no particular order.
    async fn find(&self, serials: &[Serial]) -> Result<Vec<Button>, Unavailable>;

    /// Returns at most `limit` buttons after `after`, sorted by the code points of their serial numbers.
    async fn registered(&self, limit: usize, after: Option<&Serial>) -> Result<Vec<Button>, Unavailable>;

    async fn unregister(&self, serial: &Serial) -> Result<Deletion, Unavailable>;
}
