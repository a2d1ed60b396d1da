//! The stream's changes into the digests; and each minute, what waits.

use anyhow::Context as _;
use serde_json::Value;

use super::setting;
use crate::aws::config;
use crate::aws::events_table::EventsTable;
use crate::aws::stream_event;
use crate::aws::telemetry::{Emf, Unit};
use crate::fanout;
use crate::ports::Digests as _;
use crate::quiet::Noise;
use crate::timestamp::Timestamp;

/// Digests looked at in one minute's turn, at the most.
const DUE: usize = 1_000;

pub struct Fanout {
    table: EventsTable,
    emf: Emf,
}

impl Fanout {
    pub fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            table: EventsTable::new(&config::of_function()?, setting("COUNTMEIN_TABLE")?),
            emf: Emf::new(setting("COUNTMEIN_STAGE")?),
        })
    }

    /// A batch of the table's stream, which has records, or the schedule's event, which has none.
    ///
    /// # Errors
    /// A batch of which not all changes are in their digests; it is to come again.
    pub async fn handle(&self, event: Value) -> anyhow::Result<()> {
        if event.get("Records").is_some() { self.take_in(event).await } else { self.look_after_what_waits().await }
    }

    async fn take_in(&self, event: Value) -> anyhow::Result<()> {
        let event = serde_json::from_value(event).context("the event is not one of a DynamoDB stream")?;
        let changes = stream_event::changes(event)?;
        let taken = fanout::take_in(&changes, &self.table, &Noise::default(), Timestamp::now()).await?;
        tracing::debug!(joined = taken.joined, left = taken.left, "changes taken in");
        self.emf.tell(&[
            ("AttendeesJoined", Unit::Count, count(taken.joined)),
            ("AttendeesLeft", Unit::Count, count(taken.left)),
        ]);
        Ok(())
    }

    async fn look_after_what_waits(&self) -> anyhow::Result<()> {
        let now = Timestamp::now();
        let due = self.table.due(now, DUE).await?;
        let oldest = due.first().map_or(0.0, |(_, since)| now.since(*since).as_secs_f64());
        tracing::debug!(digests = due.len(), "looked at what waits");
        self.emf.tell(&[
            ("DigestsDue", Unit::Count, count(u64::try_from(due.len()).unwrap_or(u64::MAX))),
            ("OldestDigestDue", Unit::Seconds, oldest),
        ]);
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a double; nobody counts to 2^53")]
fn count(count: u64) -> f64 {
    count as f64
}
