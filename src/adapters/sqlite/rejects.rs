//! The rejected messages, one row each.

use async_trait::async_trait;
use rusqlite::{Connection, Row};

use crate::adapters::sqlite::{Sqlite, query_optional, stored_time};
use crate::ports::{Deletion, RejectEntry, RejectedMessage, RejectedMessages, Unavailable};

/// The start of every query, with the columns that [`read`] expects.
const SELECT: &str =
    "SELECT id, coalesce(latest_message, id), count, body, reason, arrived_at, rejected_at FROM reject";

#[async_trait]
impl RejectedMessages for Sqlite {
    async fn put(&self, rejects: Vec<RejectedMessage>) -> Result<(), Unavailable> {
        self.write("storing rejected messages", move |db| {
            let mut insert = db.prepare_cached(
                "INSERT INTO reject (id, latest_message, count, body, reason, arrived_at, rejected_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (id) DO UPDATE SET
                     latest_message = excluded.latest_message, count = count + excluded.count, body = excluded.body,
                     reason = excluded.reason, arrived_at = excluded.arrived_at, rejected_at = excluded.rejected_at
                 WHERE coalesce(latest_message, id) <> excluded.latest_message",
            )?;
            for RejectedMessage { id, latest_message, count, body, reason, arrived_at, rejected_at } in &rejects {
                let times = (arrived_at.as_millis(), rejected_at.as_millis());
                insert.execute((id, latest_message, count, body, reason, times.0, times.1))?;
            }
            Ok(())
        })
        .await
    }

    async fn list(&self, limit: usize, after: Option<&str>) -> Result<Vec<RejectedMessage>, Unavailable> {
        let after = after.unwrap_or_default().to_owned();
        self.read("reading the rejected messages", move |db| {
            let mut statement = db.prepare_cached(&format!("{SELECT} WHERE id > ?1 ORDER BY id LIMIT ?2"))?;
            statement.query_map((after, limit), read)?.collect()
        })
        .await
    }

    async fn entries(&self, limit: usize, after: Option<&str>) -> Result<Vec<RejectEntry>, Unavailable> {
        let after = after.unwrap_or_default().to_owned();
        self.read("reading the rejected messages", move |db| {
            let sql =
                "SELECT id, count, reason, arrived_at, rejected_at FROM reject WHERE id > ?1 ORDER BY id LIMIT ?2";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map((after, limit), |row| {
                Ok(RejectEntry {
                    id: row.get(0)?,
                    count: row.get(1)?,
                    reason: row.get(2)?,
                    arrived_at: stored_time(row.get(3)?)?,
                    rejected_at: stored_time(row.get(4)?)?,
                })
            })?;
            rows.collect()
        })
        .await
    }

    async fn get(&self, id: &str) -> Result<Option<RejectedMessage>, Unavailable> {
        let id = id.to_owned();
        self.read("reading a rejected message", move |db| {
            query_optional(db, &format!("{SELECT} WHERE id = ?1"), [id], read)
        })
        .await
    }

    async fn delete(&self, id: &str) -> Result<Deletion, Unavailable> {
        let id = id.to_owned();
        self.write("deleting a rejected message", move |db| delete(db, &id)).await
    }
}

/// Deletes the messages that `is_selected` accepts. Holds one of them in memory at a time. Returns the number of deleted
/// messages.
pub fn delete_selected(db: &Connection, is_selected: impl Fn(&RejectedMessage) -> bool) -> rusqlite::Result<usize> {
    let mut selected = Vec::new();
    for reject in db.prepare_cached(SELECT)?.query_map((), read)? {
        let reject = reject?;
        if is_selected(&reject) {
            selected.push(reject.id);
        }
    }
    for id in &selected {
        let _ = delete(db, id)?;
    }
    Ok(selected.len())
}

pub fn delete(db: &Connection, id: &str) -> rusqlite::Result<Deletion> {
    Ok(Deletion::of(db.prepare_cached("DELETE FROM reject WHERE id = ?1")?.execute([id])? > 0))
}

fn read(row: &Row<'_>) -> rusqlite::Result<RejectedMessage> {
    Ok(RejectedMessage {
        id: row.get(0)?,
        latest_message: row.get(1)?,
        count: row.get(2)?,
        body: row.get(3)?,
        reason: row.get(4)?,
        arrived_at: stored_time(row.get(5)?)?,
        rejected_at: stored_time(row.get(6)?)?,
    })
}
