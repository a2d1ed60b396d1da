//! The function that applies the messages of the queue and of its dead-letter queue to the roster.

use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use tokio::time::{Instant, timeout_at};

use super::{parsed_setting, required_setting};
use crate::adapters::aws::config;
use crate::adapters::cached_events::CachedEvents;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::metrics::emf::Emf;
use crate::adapters::sqs::Sqs;
use crate::domain::event_creators::EventCreators;
use crate::domain::retry_schedule::RetrySchedule;
use crate::domain::timestamp::Timestamp;
use crate::ingest::{Outcome, Processed, REJECT_TIME, count_outcomes, ingest, ingest_dead_letter, log_outcomes};
use crate::lambda::deferral::send_again;
use crate::lambda::sqs_event::{Batch, batch_item_failures};
use crate::ports::{Backend, Meter as _, Unavailable};

/// Part of an invocation's time for what follows the work on the roster: storing rejected messages and deferring others.
const RESERVED_TIME: Duration = Duration::from_secs(7);

/// Part of an invocation's time for its response.
const RESPONSE_TIME: Duration = Duration::from_secs(2);

pub struct Ingest {
    backend: Backend,
    creators: EventCreators,
    /// The queue on which deferred messages are sent again.
    queue: Sqs,
    retries: RetrySchedule,
    dead_letter_queue_arn: String,
    emf: Emf,
}

impl Ingest {
    pub fn from_environment() -> anyhow::Result<Self> {
        let config = config::load_for_function()?;
        let initial = parsed_setting("COUNTMEIN_RETRY_INITIAL")?.map(Duration::from_secs);
        Ok(Self {
            backend: CachedEvents::of(EventsTable::new(&config, required_setting("COUNTMEIN_TABLE")?).backend()),
            creators: parsed_setting("COUNTMEIN_NEW_EVENTS")?.unwrap_or_default(),
            queue: Sqs::new(&config, required_setting("COUNTMEIN_QUEUE_URL")?),
            retries: RetrySchedule { initial: initial.unwrap_or(RetrySchedule::SQS.initial), ..RetrySchedule::SQS },
            dead_letter_queue_arn: required_setting("COUNTMEIN_DEAD_LETTER_QUEUE_ARN")?,
            emf: Emf::new(required_setting("COUNTMEIN_STAGE")?),
        })
    }

    /// Processes a batch. The response lists the messages that SQS must deliver again. `deadline` is the time at which
    /// Lambda stops the invocation; all work ends before it.
    ///
    /// # Errors
    /// The invocation fails, and SQS delivers the whole batch again, if an incomplete record cannot be stored as a rejected
    /// message. The response cannot list such a record.
    pub async fn handle(&self, event: SqsEvent, deadline: SystemTime) -> Result<SqsBatchResponse, Unavailable> {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let end = Instant::now() + left;
        let work_deadline = end - RESERVED_TIME.min(left);
        let source = event.records.first().and_then(|record| record.event_source_arn.as_ref());
        let is_dead_letter = source == Some(&self.dead_letter_queue_arn);
        let now = Timestamp::now();
        let Batch { deliveries, incomplete } = Batch::parse(event, now);
        let mut processed = Vec::with_capacity(deliveries.len());
        if is_dead_letter {
            for delivery in deliveries {
                processed.extend(ingest_dead_letter(delivery, &self.backend, self.creators, now, work_deadline).await);
            }
        } else {
            processed = ingest(deliveries, &self.backend, self.creators, now, work_deadline).await;
        }
        self.emf.ingested(&count_outcomes(&processed));
        log_outcomes(&processed);
        if !incomplete.is_empty() {
            for message in &incomplete {
                tracing::warn!(message.id = message.id, reason = message.reason, "message rejected");
            }
            timeout_at(work_deadline + REJECT_TIME, self.backend.rejected.put(incomplete))
                .await
                .unwrap_or_else(|_| Err(Unavailable::timed_out("storing rejected messages")))?;
        }
        Ok(batch_item_failures(self.defer(processed, end - RESPONSE_TIME.min(left)).await))
    }

    /// Sends the deferred messages again. Returns the receipts of those that could not be sent, and of those on which the
    /// program panicked.
    async fn defer(&self, processed: Vec<Processed>, deadline: Instant) -> Vec<String> {
        let (mut failures, mut deferrals) = (Vec::new(), Vec::new());
        for Processed { delivery, outcome } in processed {
            if matches!(outcome, Outcome::Panicked(_)) {
                failures.push(delivery.receipt);
            } else {
                deferrals.extend(self.retries.deferral(delivery, &outcome));
            }
        }
        failures.extend(send_again(&self.queue, deferrals, deadline).await);
        failures
    }
}
