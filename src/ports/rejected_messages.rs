//! Stores rejected messages.

use async_trait::async_trait;

use crate::domain::timestamp::Timestamp;
use crate::ports::{Deletion, Delivery, Unavailable};

/// A message that can never be applied. It is stored unchanged until the organiser corrects or discards it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedMessage {
    /// The id of the original message, so that a message that is rejected twice is stored once.
    pub id: String,
    pub body: String,
    /// What is wrong and how to correct it, for the organiser. It must not contain a contact.
    pub reason: String,
    /// When the queue accepted the original message.
    pub arrived_at: Timestamp,
    pub rejected_at: Timestamp,
}

impl RejectedMessage {
    pub fn new(delivery: &Delivery, reason: String, rejected_at: Timestamp) -> Self {
        Self {
            id: delivery.message_id.clone(),
            body: delivery.body.clone(),
            reason,
            arrived_at: delivery.arrived_at,
            rejected_at,
        }
    }
}

/// Stores rejected messages.
#[async_trait]
pub trait RejectedMessages: Send + Sync {
    /// Stores rejected messages. If a message with the same id is already stored, it is kept unchanged.
    async fn put(&self, messages: Vec<RejectedMessage>) -> Result<(), Unavailable>;

    /// Returns at most `limit` rejected messages with ids after `after`, sorted by id.
    async fn list(&self, limit: usize, after: Option<&str>) -> Result<Vec<RejectedMessage>, Unavailable>;

    async fn get(&self, id: &str) -> Result<Option<RejectedMessage>, Unavailable>;

    async fn delete(&self, id: &str) -> Result<Deletion, Unavailable>;
}
