//! The Signups queue as a table: a message leaves it only when it is done.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;

use crate::adapters::sqlite::{Sqlite, query_optional, stored_time};
use crate::domain::signup::Version;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Delivery, Depth, MAX_RECEIVES, Nack, Queue, Unavailable};

/// From so many tries on a message is handed out alone.
const SUSPECT: u32 = 2;

/// How long a receive waits for a message before it comes back with none.
const LONG_POLL: Duration = Duration::from_secs(1);

#[async_trait]
impl Queue for Sqlite {
    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable> {
        self.write("writing to the queue", move |db| {
            let now = Timestamp::now();
            let mut insert =
                db.prepare_cached("INSERT INTO queue (id, body, arrived_at, visible_at) VALUES (?1, ?2, ?3, ?3)")?;
            for body in &bodies {
                insert.execute((Version::now().id.as_str(), body, now.as_millis()))?;
            }
            Ok(())
        })
        .await?;
        self.shared.arrivals.notify_one();
        Ok(())
    }

    async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable> {
        let taken = self.take(limit).await?;
        if !taken.is_empty() {
            return Ok(taken);
        }
        // Whether a message came or the time is up, the answer is to look again.
        let _ = tokio::time::timeout(LONG_POLL, self.shared.arrivals.notified()).await;
        self.take(limit).await
    }

    async fn ack(&self, receipts: Vec<String>) -> Result<(), Unavailable> {
        self.write("settling messages", move |db| {
            let mut delete = db.prepare_cached("DELETE FROM queue WHERE seq = ?1")?;
            for receipt in &receipts {
                delete.execute([receipt])?;
            }
            Ok(())
        })
        .await
    }

    async fn nack(&self, deliveries: Vec<Nack>) -> Result<(), Unavailable> {
        self.write("giving messages back", move |db| {
            let now = Timestamp::now();
            let mut update = db.prepare_cached("UPDATE queue SET visible_at = ?2, last_failure = ?3 WHERE seq = ?1")?;
            for Nack { receipt, delay, why } in &deliveries {
                update.execute((receipt, now.plus(*delay).as_millis(), why))?;
            }
            Ok(())
        })
        .await
    }

    async fn depth(&self) -> Result<Depth, Unavailable> {
        self.read("measuring the queue", |db| {
            db.prepare_cached("SELECT count(*), min(arrived_at) FROM queue")?.query_row((), |row| {
                let oldest: Option<i64> = row.get(1)?;
                Ok(Depth { messages: row.get(0)?, oldest: oldest.map(stored_time).transpose()? })
            })
        })
        .await
    }
}

impl Sqlite {
    async fn take(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable> {
        let visibility = self.shared.visibility;
        // Every other time, so that many suspects hold up nobody else.
        let prefers_fresh = self.shared.prefers_fresh.fetch_not(Ordering::Relaxed);
        self.write("reading the queue", move |db| {
            let now = Timestamp::now();
            reject_spent(db, now)?;
            let first = "SELECT receive_count FROM queue WHERE visible_at <= ?1 AND receive_count < ?2 ORDER BY seq LIMIT 1";
            let first_below = |tries| query_optional(db, first, (now.as_millis(), tries), |row| row.get::<_, u32>(0));
            let fresh = if prefers_fresh { first_below(SUSPECT)? } else { None };
            let any = if fresh.is_some() { fresh } else { first_below(MAX_RECEIVES)? };
            let Some(first) = any else { return Ok(Vec::new()) };
            // What twice was not done may be what stops the program: it comes alone, and only its own tries count.
            let (limit, tries) = if first < SUSPECT { (limit, SUSPECT) } else { (1, MAX_RECEIVES) };
            let mut update = db.prepare_cached(
                "UPDATE queue SET receive_count = receive_count + 1, visible_at = ?2
                 WHERE seq IN (SELECT seq FROM queue WHERE visible_at <= ?1 AND receive_count < ?4 ORDER BY seq LIMIT ?3)
                 RETURNING seq, id, body, arrived_at, receive_count",
            )?;
            let rows = update.query_map((now.as_millis(), now.plus(visibility).as_millis(), limit, tries), |row| {
                let seq: i64 = row.get(0)?;
                let delivery = Delivery {
                    message_id: row.get(1)?,
                    receipt: seq.to_string(),
                    body: row.get(2)?,
                    arrived_at: stored_time(row.get(3)?)?,
                    receive_count: row.get(4)?,
                };
                Ok((seq, delivery))
            })?;
            let mut taken = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            taken.sort_unstable_by_key(|(seq, _)| *seq);
            Ok(taken.into_iter().map(|(_, delivery)| delivery).collect())
        })
        .await
    }
}

/// What the dead-letter queue is on SQS.
fn reject_spent(db: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    const { assert!(MAX_RECEIVES == 5, "the index queue_spent says 5") };
    db.prepare_cached(
        "INSERT OR IGNORE INTO reject (id, body, reason, arrived_at, rejected_at)
         SELECT id, body, 'failed ' || receive_count || ' times; the last time: '
                || coalesce(last_failure, 'the program stopped before it was done'), arrived_at, ?1
         FROM queue WHERE visible_at <= ?1 AND receive_count >= 5",
    )?
    .execute([now.as_millis()])?;
    db.prepare_cached("DELETE FROM queue WHERE visible_at <= ?1 AND receive_count >= 5")?.execute([now.as_millis()])?;
    Ok(())
}
