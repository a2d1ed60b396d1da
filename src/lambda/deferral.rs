//! Sends deferred messages again before an invocation ends.

use tokio::time::{Instant, timeout_at};

use crate::adapters::sqs::Sqs;
use crate::ports::{Deferral, Unavailable};

/// Sends deferred messages again. Returns the receipts of those that could not be sent by `deadline`.
pub async fn send_again(queue: &Sqs, deferrals: Vec<Deferral>, deadline: Instant) -> Vec<String> {
    if deferrals.is_empty() {
        return Vec::new();
    }
    let results = timeout_at(deadline, queue.resend(&deferrals)).await;
    let timed_out = |_| vec![Err(Unavailable::timed_out("deferring a message")); deferrals.len()];
    let results = results.unwrap_or_else(timed_out);
    let failed = deferrals.into_iter().zip(results).filter_map(|(deferral, result)| {
        let unavailable = result.err()?;
        tracing::error!(message.id = deferral.delivery.message_id, %unavailable, "deferring a message failed");
        Some(deferral.delivery.receipt)
    });
    failed.collect()
}
