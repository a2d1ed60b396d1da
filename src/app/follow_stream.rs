//! The table's stream into the digests, by the program itself, where no function does it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::adapters::dynamodb::EventsTable;
use crate::adapters::dynamodb::stream::TableStream;
use crate::domain::backoff::Noise;
use crate::domain::change::Change;
use crate::domain::timestamp::Timestamp;
use crate::fanout;
use crate::ports::{ChangeFeed as _, Unavailable};

/// Changes taken in at once: fewer than a digest remembers, so that those of the last time count once when the program
/// was stopped before it wrote down how far it had come.
const BATCH: usize = 100;

/// Between two looks at a stream that told nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// Follows the stream until `stop` says so.
pub async fn follow_until(table: EventsTable, stream: TableStream, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let rest = match take_in(&table, &stream).await {
            Ok(BATCH) => continue,
            Ok(_) => PAUSE,
            Err(unavailable) => {
                tracing::error!(%unavailable, "the stream is followed again in a moment");
                PAUSE
            }
        };
        let _ = tokio::time::timeout(rest, stop.cancelled()).await;
    }
}

/// How many changes there were.
async fn take_in(table: &EventsTable, stream: &TableStream) -> Result<usize, Unavailable> {
    let position = table.position().await?;
    let page = stream.changes(&position, BATCH).await?;
    let Some((last, _)) = page.last() else { return Ok(0) };
    let last = last.clone();
    let changes: Vec<Change> = page.into_iter().map(|(_, change)| change).collect();
    fanout::add_to_digests(&changes, table, &Noise::default(), Timestamp::now()).await?;
    table.set_position(&last).await?;
    Ok(changes.len())
}
