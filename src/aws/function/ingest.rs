//! Messages of the Signups queue onto the roster, and dead letters among the rejects.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};

use super::setting;
use crate::aws::config;
use crate::aws::events_table::EventsTable;
use crate::aws::sqs_event::{Incomplete, deliveries, failures};
use crate::aws::telemetry::Emf;
use crate::ingest::{Ports, bury, ingest};
use crate::metrics::Meter as _;
use crate::timestamp::Timestamp;

pub struct Ingest {
    table: EventsTable,
    /// The ARN of the dead-letter queue: what comes from it has had all its tries.
    dead_letters: String,
    emf: Emf,
}

impl Ingest {
    pub fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            table: EventsTable::new(&config::of_function()?, setting("COUNTMEIN_TABLE")?),
            dead_letters: setting("COUNTMEIN_DEAD_LETTERS_ARN")?,
            emf: Emf::new(setting("COUNTMEIN_STAGE")?),
        })
    }

    /// Brings a batch to its outcomes; those that may succeed later are in the answer.
    pub async fn handle(&self, event: SqsEvent) -> Result<SqsBatchResponse, Incomplete> {
        let is_dead =
            event.records.first().and_then(|record| record.event_source_arn.as_ref()) == Some(&self.dead_letters);
        let deliveries = deliveries(event)?;
        let now = Timestamp::now();
        let settlements = if is_dead {
            bury(&deliveries, &self.table, now).await
        } else {
            let table = &self.table;
            ingest(&deliveries, Ports { roster: table, rejects: table, buttons: table, idempotency: table }, now).await
        };
        self.emf.ingested(&settlements);
        for settlement in &settlements {
            settlement.log();
        }
        Ok(failures(settlements))
    }
}
