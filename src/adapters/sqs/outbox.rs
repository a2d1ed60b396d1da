//! The outbox as a queue.

use async_trait::async_trait;

use super::Sqs;
use crate::domain::outbox_message::OutboxMessage;
use crate::domain::timestamp::Timestamp;
use crate::formats::outbox_message::QueuedMessage;
use crate::ports::{Outbox, Queue as _, Unavailable};

/// An outbox on a standard queue of SQS. A message that is put into it twice is sent twice, unless what is stored about its
/// recipient says that this is not needed.
#[derive(Debug, Clone)]
pub struct SqsOutbox {
    queue: Sqs,
}

impl SqsOutbox {
    pub fn new(queue: Sqs) -> Self {
        Self { queue }
    }
}

#[async_trait]
impl Outbox for SqsOutbox {
    /// SQS stores the time of each message itself.
    async fn put(&self, messages: Vec<OutboxMessage>, _: Timestamp) -> Result<(), Unavailable> {
        let bodies = messages.into_iter().map(|message| QueuedMessage::from(message).to_json());
        self.queue.send(bodies.collect()).await
    }
}
