//! The table's stream into the digests, by the program itself, where no function does it.

use std::time::Duration;

use tokio::sync::watch;

use crate::aws::events_table::EventsTable;
use crate::aws::events_table::stream::TableStream;
use crate::fanout;
use crate::ports::{Change, ChangeFeed as _, Unavailable};
use crate::quiet::Noise;
use crate::timestamp::Timestamp;

/// Changes taken in at once: fewer than a digest remembers, so that those of the last time count once when the program
/// was stopped before it wrote down how far it had come.
const BATCH: usize = 100;

/// Between two looks at a stream that told nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// Follows the stream until `stop` says so.
pub async fn follow_until(table: EventsTable, stream: TableStream, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let rest = match take_in(&table, &stream).await {
            Ok(BATCH) => continue,
            Ok(_) => PAUSE,
            Err(unavailable) => {
                tracing::error!(%unavailable, "the stream is followed again in a moment");
                PAUSE
            }
        };
        let _ = tokio::time::timeout(rest, stop.changed()).await;
    }
}

/// How many changes there were.
async fn take_in(table: &EventsTable, stream: &TableStream) -> Result<usize, Unavailable> {
    let position = table.position().await?;
    let page = stream.changes(&position, BATCH).await?;
    let Some((last, _)) = page.last() else { return Ok(0) };
    let last = last.clone();
    let changes: Vec<Change> = page.into_iter().map(|(_, change)| change).collect();
    fanout::take_in(&changes, table, &Noise::default(), Timestamp::now()).await?;
    table.set_position(&last).await?;
    Ok(changes.len())
}
