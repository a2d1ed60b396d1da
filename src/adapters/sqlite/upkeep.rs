//! What time takes away: tombstones, old changes, old idempotency keys, spent budgets, digests
//! of events that are forgotten.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::adapters::sqlite::{Follower, Sqlite, roster};
use crate::domain::timestamp::Timestamp;
use strum::VariantArray as _;

use crate::ports::Unavailable;

/// As long as DynamoDB Streams keeps a record.
const CHANGES_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Rows deleted by one call, so that no write waits long behind it.
const ROWS: usize = 1_000;

impl Sqlite {
    /// Deletes some of what has expired at `now`; whether there may be more.
    pub async fn delete_expired(&self, now: Timestamp) -> Result<bool, Unavailable> {
        self.write("deleting what has expired", move |db| {
            let now_millis = now.as_millis();
            let oldest_change = now_millis - i64::try_from(CHANGES_KEPT.as_millis()).expect("a day fits 64 bits");
            let mut deleted = 0;
            let mut events = BTreeSet::new();
            let mut expired = db.prepare_cached(
                "DELETE FROM attendee WHERE (event, name) IN
                 (SELECT event, name FROM attendee WHERE expires_at <= ?1 LIMIT ?2) RETURNING event",
            )?;
            for event in expired.query_map((now_millis, ROWS), |row| row.get::<_, String>(0))? {
                events.insert(event?);
                deleted += 1;
            }
            for event in events {
                roster::forget_if_empty(db, &event)?;
            }
            // The oldest come first, so a look at the first rows is enough. What somebody has yet to follow stays: the program
            // may have been off for days.
            deleted += db.execute(
                "DELETE FROM change WHERE seq IN
                 (SELECT seq FROM (SELECT seq, made_at FROM change ORDER BY seq LIMIT ?2) WHERE made_at < ?1)
                 AND seq <= (SELECT min(CAST(position AS INTEGER)) FROM follower HAVING count(*) = ?3)",
                (oldest_change, ROWS, Follower::VARIANTS.len()),
            )?;
            deleted += db.execute(
                "DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE expires_at <= ?1 LIMIT ?2)",
                (now_millis, ROWS),
            )?;
            deleted += db.execute("DELETE FROM budget WHERE ends_at <= ?1", [now_millis])?;
            deleted += db.execute(
                "DELETE FROM digest WHERE event IN (SELECT event FROM digest WHERE expires_at <= ?1 LIMIT ?2)",
                (now_millis, ROWS),
            )?;
            Ok(deleted > 0)
        })
        .await
    }
}
