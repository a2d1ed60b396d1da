//! Returns the dead letters of the outbox to it: messages on which `deliver` crashed, timed out or was throttled each time.

use std::time::Duration;

use super::deliver::{deferral, parse};
use crate::adapters::metrics::emf::Emf;
use crate::adapters::sqs::Sqs;
use crate::domain::timestamp::Timestamp;
use crate::formats::outbox_message::QueuedMessage;
use crate::notify::EXPIRES_AFTER;
use crate::ports::{MessageOutcome, Meter as _, Queue as _, Unavailable};

/// Messages that one invocation returns at most.
const MAX_RETURNED: usize = 100;

/// When the messages are tried again. SQS delays a message by at most 15 minutes ("Message timers").
const DELAY: Duration = Duration::from_secs(15 * 60);

/// Returns messages to the outbox, except those that have been tried for a day.
pub async fn return_dead_letters(dead_letters: &Sqs, emf: &Emf, now: Timestamp) -> Result<(), Unavailable> {
    let (mut returned, mut dropped, mut expired) = (Vec::new(), Vec::new(), Vec::new());
    for delivery in dead_letters.receive_now(MAX_RETURNED).await? {
        let Some(QueuedMessage { message, unresolved_since }) = parse(&delivery) else {
            dropped.push(delivery.receipt);
            continue;
        };
        if now.since(delivery.arrived_at) >= EXPIRES_AFTER {
            tracing::warn!(message.id = delivery.message_id, "message dropped: it could not be sent for a day");
            expired.push((message.kind(), MessageOutcome::Expired));
            dropped.push(delivery.receipt);
            continue;
        }
        let unresolved_since = Some(unresolved_since.unwrap_or(delivery.arrived_at));
        let message = QueuedMessage { message, unresolved_since };
        let attempts = delivery.deferrals.attempts.saturating_add(1);
        returned.push(deferral(delivery, &message, attempts, DELAY, "no attempt had an outcome".to_owned()));
    }
    emf.attempted(&expired);
    dead_letters.ack(dropped).await?;
    if !returned.is_empty() {
        tracing::warn!(messages = returned.len(), "returning dead letters to the outbox");
    }
    dead_letters.defer(returned).await.into_iter().collect()
}
