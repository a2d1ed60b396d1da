//! Stores rejected messages.

use async_trait::async_trait;

use crate::domain::short_hash::short_hash;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Deletion, Delivery, Unavailable};

/// The maximum size of a stored body, in bytes. SQS and the queue's own senders accept no larger messages by default, and
/// a DynamoDB item has at most 400 KB.
pub const MAX_REJECT_BYTES: usize = 256 * 1_024;

/// A message that can never be applied. It is stored until the organiser corrects or discards it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedMessage {
    /// The id of the original message, so that a message that is rejected twice is stored once. Messages of one device with
    /// the same problem share an id: see [`RejectedMessage::of_device`].
    pub id: String,
    /// The id of the latest message with this id.
    pub latest_message: String,
    /// The number of messages with this id. At least 1.
    pub count: u64,
    /// The message as it arrived. Only the first [`MAX_REJECT_BYTES`] of a larger message are stored; then the reason
    /// contains its size.
    pub body: String,
    /// What is wrong and how to correct it, for the organiser. It must not contain a contact.
    pub reason: String,
    /// When the queue accepted the original message.
    pub arrived_at: Timestamp,
    pub rejected_at: Timestamp,
}

impl RejectedMessage {
    pub fn new(delivery: &Delivery, reason: String, rejected_at: Timestamp) -> Self {
        let size = delivery.body.len();
        let body = delivery.body[..delivery.body.floor_char_boundary(MAX_REJECT_BYTES)].to_owned();
        let reason = if body.len() < size {
            format!("{reason} (the message has {size} bytes; only its first {} are stored)", body.len())
        } else {
            reason
        };
        let id = delivery.message_id.clone();
        Self { latest_message: id.clone(), id, count: 1, body, reason, arrived_at: delivery.arrived_at, rejected_at }
    }

    /// Stores the message of a device together with others on the same topic that have the same problem, so that a button that
    /// is pressed all day is one entry with a count.
    #[must_use]
    pub fn of_device(self, topic: &str) -> Self {
        let id = format!("device-{}", short_hash(&[topic, &self.reason]));
        Self { id, ..self }
    }
}

/// An entry in the list of rejected messages: a message without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectEntry {
    pub id: String,
    /// The number of messages with this id.
    pub count: u64,
    pub reason: String,
    pub arrived_at: Timestamp,
    pub rejected_at: Timestamp,
}

/// Stores rejected messages.
#[async_trait]
pub trait RejectedMessages: Send + Sync {
    /// Stores rejected messages. If a message with the same id is already stored, and it was not the same message, it is replaced
    /// and counted. A message that is stored again after another one with its id is counted again.
    async fn put(&self, messages: Vec<RejectedMessage>) -> Result<(), Unavailable>;

    /// Returns at most `limit` rejected messages with ids after `after`, sorted by id.
    async fn list(&self, limit: usize, after: Option<&str>) -> Result<Vec<RejectedMessage>, Unavailable>;

    /// Like [`RejectedMessages::list`], but without the bodies, which are large.
    async fn entries(&self, limit: usize, after: Option<&str>) -> Result<Vec<RejectEntry>, Unavailable>;

    async fn get(&self, id: &str) -> Result<Option<RejectedMessage>, Unavailable>;

    async fn delete(&self, id: &str) -> Result<Deletion, Unavailable>;
}
