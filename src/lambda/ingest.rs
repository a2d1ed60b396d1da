//! The function that applies the messages of the queue to the roster, and rejects dead letters.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};

use super::required_setting;
use crate::adapters::aws::config;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::metrics::emf::Emf;
use crate::domain::timestamp::Timestamp;
use crate::ingest::{count_outcomes, ingest, reject_dead_letters};
use crate::lambda::sqs_event::{IncompleteRecord, batch_item_failures, deliveries};
use crate::ports::{Backend, Meter as _};

pub struct Ingest {
    backend: Backend,
    dead_letter_queue_arn: String,
    emf: Emf,
}

impl Ingest {
    pub fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            backend: EventsTable::new(&config::load_for_function()?, required_setting("COUNTMEIN_TABLE")?).backend(),
            dead_letter_queue_arn: required_setting("COUNTMEIN_DEAD_LETTER_QUEUE_ARN")?,
            emf: Emf::new(required_setting("COUNTMEIN_STAGE")?),
        })
    }

    /// Processes a batch. The answer lists the messages that SQS must deliver again.
    pub async fn handle(&self, event: SqsEvent) -> Result<SqsBatchResponse, IncompleteRecord> {
        let source = event.records.first().and_then(|record| record.event_source_arn.as_ref());
        let is_dead_letter = source == Some(&self.dead_letter_queue_arn);
        let deliveries = deliveries(event)?;
        let now = Timestamp::now();
        let processed = if is_dead_letter {
            reject_dead_letters(&deliveries, &*self.backend.rejected, now).await
        } else {
            ingest(&deliveries, &self.backend, now).await
        };
        self.emf.ingested(&count_outcomes(&processed));
        for each in &processed {
            each.log();
        }
        Ok(batch_item_failures(processed))
    }
}
