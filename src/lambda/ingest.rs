//! Messages of the Signups queue onto the roster, and dead letters among the rejects.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};

use super::setting;
use crate::adapters::aws::config;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::metrics::emf::Emf;
use crate::domain::timestamp::Timestamp;
use crate::ingest::{count_outcomes, ingest, reject_dead_letters};
use crate::lambda::sqs_event::{Incomplete, deliveries, failures};
use crate::ports::{Backend, Meter as _};

pub struct Ingest {
    backend: Backend,
    /// The ARN of the dead-letter queue: what comes from it has had all its tries.
    dead_letters: String,
    emf: Emf,
}

impl Ingest {
    pub fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            backend: EventsTable::new(&config::of_function()?, setting("COUNTMEIN_TABLE")?).backend(),
            dead_letters: setting("COUNTMEIN_DEAD_LETTER_QUEUE_ARN")?,
            emf: Emf::new(setting("COUNTMEIN_STAGE")?),
        })
    }

    /// Brings a batch to its outcomes; those that may succeed later are in the answer.
    pub async fn handle(&self, event: SqsEvent) -> Result<SqsBatchResponse, Incomplete> {
        let is_dead =
            event.records.first().and_then(|record| record.event_source_arn.as_ref()) == Some(&self.dead_letters);
        let deliveries = deliveries(event)?;
        let now = Timestamp::now();
        let processed = if is_dead {
            reject_dead_letters(&deliveries, &*self.backend.rejects, now).await
        } else {
            ingest(&deliveries, &self.backend, now).await
        };
        self.emf.ingested(&count_outcomes(&processed));
        for each in &processed {
            each.log();
        }
        Ok(failures(processed))
    }
}
