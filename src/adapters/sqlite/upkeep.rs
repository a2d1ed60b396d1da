//! Deletes expired data: tombstones of attendees, markers of deleted events, changes, idempotency keys, budgets,
//! digests, announcements and watermarks.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::adapters::sqlite::{FeedConsumer, Sqlite, roster};
use crate::domain::event_announcement::ANNOUNCEMENT_RETENTION;
use crate::domain::timestamp::Timestamp;
use strum::VariantArray as _;

use crate::ports::Unavailable;

/// How long changes are kept: as long as DynamoDB Streams keeps its records.
const CHANGE_RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// Maximum rows of one table that a call deletes, so that other writes do not wait long.
const MAX_ROWS_PER_TABLE: usize = 1_000;

/// Whether a call of [`Sqlite::delete_expired`] deleted all expired data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Cleanup {
    /// No expired data is left.
    Complete,
    /// More expired data may be left, so the call should be repeated.
    Partial,
}

impl Sqlite {
    /// Deletes data that has expired at `now`, up to a maximum number of rows.
    pub async fn delete_expired(&self, now: Timestamp) -> Result<Cleanup, Unavailable> {
        self.write("deleting expired data", move |db| {
            let now_millis = now.as_millis();
            let oldest_kept = now_millis - i64::try_from(CHANGE_RETENTION.as_millis()).expect("a day fits 64 bits");
            let mut deleted = 0;
            let mut events = BTreeSet::new();
            let mut expired = db.prepare_cached(
                "DELETE FROM attendee WHERE (event, name) IN
                 (SELECT event, name FROM attendee WHERE expires_at <= ?1 LIMIT ?2) RETURNING event",
            )?;
            for event in expired.query_map((now_millis, MAX_ROWS_PER_TABLE), |row| row.get::<_, String>(0))? {
                events.insert(event?);
                deleted += 1;
            }
            for event in events {
                roster::delete_event_if_empty(db, &event)?;
            }
            // The first rows are the oldest, so it is enough to check these. Changes that a consumer has not processed
            // are kept, because the program may have been stopped for days.
            deleted += db.execute(
                "DELETE FROM change WHERE seq IN
                 (SELECT seq FROM (SELECT seq, made_at FROM change ORDER BY seq LIMIT ?2) WHERE made_at < ?1)
                 AND seq <= (SELECT min(CAST(position AS INTEGER)) FROM follower HAVING count(*) = ?3)",
                (oldest_kept, MAX_ROWS_PER_TABLE, FeedConsumer::VARIANTS.len()),
            )?;
            deleted += db.execute(
                "DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE expires_at <= ?1 LIMIT ?2)",
                (now_millis, MAX_ROWS_PER_TABLE),
            )?;
            deleted += db.execute("DELETE FROM budget WHERE ends_at <= ?1", [now_millis])?;
            deleted += db.execute(
                "DELETE FROM digest WHERE event IN (SELECT event FROM digest WHERE expires_at <= ?1 LIMIT ?2)",
                (now_millis, MAX_ROWS_PER_TABLE),
            )?;
            let oldest_announcement = now.minus(ANNOUNCEMENT_RETENTION).as_millis();
            deleted += db.execute(
                "DELETE FROM announcement WHERE (event, at) IN
                 (SELECT event, at FROM announcement WHERE at <= ?1 LIMIT ?2)",
                (oldest_announcement, MAX_ROWS_PER_TABLE),
            )?;
            deleted += db.execute(
                "DELETE FROM watermark WHERE (event, recipient) IN
                 (SELECT event, recipient FROM watermark WHERE max(coalesce(told_until, 0), coalesce(claimed_until, 0)) <= ?1 LIMIT ?2)",
                (oldest_announcement, MAX_ROWS_PER_TABLE),
            )?;
            // Earlier versions stored these messages. Their times are not indexed.
            deleted += db.execute(
                "DELETE FROM inbox WHERE seq IN
                 (SELECT seq FROM (SELECT seq, at FROM inbox ORDER BY seq LIMIT ?2) WHERE at <= ?1)",
                (oldest_announcement, MAX_ROWS_PER_TABLE),
            )?;
            // There are few events, so this needs no index.
            deleted += db.execute(
                "DELETE FROM event_details WHERE event IN
                 (SELECT event FROM event_details WHERE record LIKE '{\"deleted_at\":%'
                  AND json_extract(record, '$.expires_at') <= ?1 LIMIT ?2)",
                (now.as_seconds(), MAX_ROWS_PER_TABLE),
            )?;
            Ok(if deleted > 0 { Cleanup::Partial } else { Cleanup::Complete })
        })
        .await
    }
}
