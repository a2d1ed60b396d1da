//! The function that sends the messages of the outbox.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use super::notify::{limits, notification_sender};
use super::required_setting;
use crate::adapters::aws::config;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::metrics::emf::{Emf, Metric};
use crate::adapters::sqs::Sqs;
use crate::domain::timestamp::Timestamp;
use crate::formats::outbox_message::QueuedMessage;
use crate::formats::panic;
use crate::lambda::deferral::send_again;
use crate::lambda::sqs_event::{Batch, batch_item_failures};
use crate::notify::{self, DigestSender, MessageSender, NotificationSender, Settlement};
use crate::ports::{Deferral, Deferrals, Delivery, LastAttempt, Meter as _, OutboxEntry};

/// How long nobody else tells the same contact about the same event if an invocation stops. It is twice the function's timeout
/// (60 s).
const CLAIM_DURATION: Duration = Duration::from_secs(120);

/// Part of an invocation's time for what follows the attempts: sending deferred messages again, which is one call to SQS, and
/// the response.
const RESERVED_TIME: Duration = Duration::from_secs(7);

/// Part of an invocation's time for its response.
const RESPONSE_TIME: Duration = Duration::from_secs(2);

pub struct Deliver {
    table: EventsTable,
    /// The queue on which deferred messages are sent again.
    outbox: Sqs,
    sender: NotificationSender,
    emf: Emf,
}

/// A message for which an attempt was made.
struct Attempted {
    delivery: Delivery,
    entry: OutboxEntry,
    begun_at: Timestamp,
    /// `None` if the attempt has no outcome.
    settlement: Option<Settlement>,
}

impl Deliver {
    /// Reads the settings, and the secrets for links and contact ids.
    pub async fn from_environment() -> anyhow::Result<Self> {
        let config = config::load_for_function()?;
        let table = EventsTable::new(&config, required_setting("COUNTMEIN_TABLE")?);
        let outbox = Sqs::new(&config, required_setting("COUNTMEIN_OUTBOX_URL")?);
        let emf = Emf::new(required_setting("COUNTMEIN_STAGE")?);
        let sender = notification_sender(&config, &table, &emf, limits()?).await?;
        Ok(Self { table, outbox, sender, emf })
    }

    /// Makes one attempt to send each message of a batch. The response lists the messages that SQS must deliver again.
    /// `deadline` is the time at which Lambda stops the invocation; all work ends before it.
    pub async fn handle(&self, event: SqsEvent, deadline: SystemTime) -> SqsBatchResponse {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let end = Instant::now() + left;
        let Batch { deliveries, incomplete } = Batch::parse(event, Timestamp::now());
        for message in &incomplete {
            tracing::warn!(message.id = message.id, reason = message.reason, "message rejected");
        }
        let received = incomplete.len() + deliveries.len();
        let readable = deliveries.into_iter().filter_map(|delivery| Some((parse(&delivery)?, delivery)));
        let sender = self.message_sender();
        let attempts =
            readable.map(|(message, delivery)| attempt(&sender, message, delivery, end - RESERVED_TIME.min(left)));
        let attempted = join_all(attempts).await;
        self.count(&attempted, received - attempted.len());
        batch_item_failures(self.defer(attempted, end - RESPONSE_TIME.min(left)).await)
    }

    fn message_sender(&self) -> MessageSender<'_> {
        let digests = DigestSender::of(&self.table, &self.sender, CLAIM_DURATION, &Timestamp::now);
        MessageSender { digests, seats: &self.table, sender: &self.sender }
    }

    fn count(&self, attempted: &[Attempted], rejected: usize) {
        let outcome =
            |attempted: &Attempted| Some((attempted.entry.message.kind(), attempted.settlement.as_ref()?.outcome()));
        self.emf.attempted(&attempted.iter().filter_map(outcome).collect::<Vec<_>>());
        self.emf.write(&[Metric::count("NotificationsRejected", rejected as u64)]);
    }

    /// Sends the deferred messages again. Returns the receipts of those that could not be sent, and of those whose attempts
    /// have no outcome.
    async fn defer(&self, attempted: Vec<Attempted>, deadline: Instant) -> Vec<String> {
        let (mut failures, mut deferrals) = (Vec::new(), Vec::new());
        for Attempted { delivery, entry, begun_at, settlement } in attempted {
            match settlement {
                None => failures.push(delivery.receipt),
                Some(Settlement::Done(_)) => {}
                Some(Settlement::Deferred { delay, last_attempt, reason }) => {
                    let unresolved_since = match last_attempt {
                        LastAttempt::Resolved | LastAttempt::NotMade => None,
                        LastAttempt::Unresolved => Some(entry.unresolved_since.unwrap_or(begun_at)),
                    };
                    let message = QueuedMessage { message: entry.message, unresolved_since };
                    let is_made = last_attempt != LastAttempt::NotMade;
                    let attempts = delivery.deferrals.attempts.saturating_add(u32::from(is_made));
                    deferrals.push(deferral(delivery, &message, attempts, delay, reason));
                }
            }
        }
        failures.extend(send_again(&self.outbox, deferrals, deadline).await);
        failures
    }
}

/// Makes one attempt to send a message. It has no outcome if it does not end before `end`, or if it panics. The message is then
/// delivered again, and moves to the dead-letter queue after several such attempts.
async fn attempt(sender: &MessageSender<'_>, message: QueuedMessage, delivery: Delivery, end: Instant) -> Attempted {
    let QueuedMessage { message, unresolved_since } = message;
    let begun_at = Timestamp::now();
    let entry = OutboxEntry {
        message,
        first_at: delivery.arrived_at,
        attempts: delivery.deferrals.attempts.saturating_add(1),
        unresolved_since: unresolved_since.or((delivery.receive_count > 1).then_some(delivery.arrived_at)),
        receipt: delivery.receipt.clone(),
    };
    // Attempts share state only through the ports. They survive a panic as they survive a crash.
    let work = AssertUnwindSafe(notify::attempt(sender, &entry, begun_at, &Timestamp::now)).catch_unwind();
    let settlement = match timeout_at(end, work).await {
        Ok(Ok(settlement)) => Some(settlement),
        Ok(Err(panic)) => {
            let panic = panic::message(&*panic).unwrap_or("for an unknown reason");
            tracing::error!(message.id = delivery.message_id, panic, "sending a message panicked");
            None
        }
        Err(_) => {
            tracing::warn!(message.id = delivery.message_id, "sending a message took too long");
            None
        }
    };
    Attempted { delivery, entry, begun_at, settlement }
}

/// Parses a message of the outbox. Logs one that cannot be read.
pub fn parse(delivery: &Delivery) -> Option<QueuedMessage> {
    let parsed = QueuedMessage::parse(&delivery.body);
    parsed.inspect_err(|reason| tracing::warn!(message.id = delivery.message_id, reason, "message rejected")).ok()
}

/// Returns how a message is sent again after so many attempts.
pub fn deferral(
    delivery: Delivery,
    message: &QueuedMessage,
    attempts: u32,
    delay: Duration,
    reason: String,
) -> Deferral {
    let deferrals = Deferrals { attempts, ..delivery.deferrals };
    Deferral { delivery: Delivery { body: message.to_json(), ..delivery }, deferrals, delay, reason }
}
