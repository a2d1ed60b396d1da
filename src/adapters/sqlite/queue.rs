//! The queue of sign-ups as a table. A message stays in it until it is acknowledged or rejected.
//!
//! An ack or deferral that cannot be written, for example because the disk is full, is kept in memory and written before
//! the next messages are received. So a message is never counted as one that stopped the program while the program runs.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;

use crate::adapters::sqlite::backlog::{MAX_MESSAGES, Room};
use crate::adapters::sqlite::{Sqlite, query_optional, stored_time, unavailable};
use crate::domain::clock;
use crate::domain::signup::Version;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Deferral, Deferrals, Delivery, Depth, MAX_RECEIVES, Queue, STOPPED_REASON, Unavailable};

/// Number of deliveries after which a message is a suspect: processing it may have crashed the program, so it is
/// delivered alone.
const SUSPECT_RECEIVES: u32 = 2;

/// How long a receive call waits for the first message.
const RECEIVE_WAIT_TIME: Duration = Duration::from_secs(1);

#[async_trait]
impl Queue for Sqlite {
    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable> {
        self.shared.backlog.wait_for_worker().await;
        self.check_room(u64::try_from(bodies.len()).expect("a count fits 64 bits")).await?;
        let sent = self
            .accept("writing to the queue", move |db| {
                let now = clock::now();
                let mut insert =
                    db.prepare_cached("INSERT INTO queue (id, body, arrived_at, visible_at) VALUES (?1, ?2, ?3, ?3)")?;
                db.prepare_cached("UPDATE clock SET latest = max(latest, ?1)")?.execute([now.as_millis()])?;
                for body in &bodies {
                    insert.execute((Version::now().id.as_str(), body, now.as_millis()))?;
                }
                Ok(())
            })
            .await;
        *self.write_error() = sent.clone().err();
        sent?;
        self.shared.arrivals.notify_one();
        Ok(())
    }

    async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable> {
        let received = self.receive_now(limit).await?;
        if !received.is_empty() {
            return Ok(received);
        }
        // The second attempt follows in both cases: after an arrival and after the timeout.
        let _ = tokio::time::timeout(RECEIVE_WAIT_TIME, self.shared.arrivals.notified()).await;
        self.receive_now(limit).await
    }

    async fn ack(&self, receipts: Vec<String>) -> Result<(), Unavailable> {
        self.settle(receipts.into_iter().map(Settlement::Ack).collect()).await
    }

    async fn defer(&self, deferrals: Vec<Deferral>) -> Vec<Result<(), Unavailable>> {
        let count = deferrals.len();
        let now = clock::now();
        let settlements = deferrals.into_iter().map(|deferral| Settlement::Defer {
            receipt: deferral.delivery.receipt,
            visible_at: now.plus(deferral.delay),
            deferrals: deferral.deferrals,
            reason: deferral.reason,
        });
        vec![self.settle(settlements.collect()).await; count]
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

    /// Reports the last attempt to store a message, or the last [`Sqlite::probe_write`] if that is later.
    async fn check_writable(&self) -> Result<(), Unavailable> {
        self.write_error().clone().map_or(Ok(()), Err)
    }
}

/// The end of a delivery.
#[derive(Debug, Clone)]
pub enum Settlement {
    /// Deletes the message with this receipt.
    Ack(String),
    /// Makes the message visible again at a later time.
    Defer { receipt: String, visible_at: Timestamp, deferrals: Deferrals, reason: String },
}

impl Settlement {
    fn write(&self, db: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Ack(receipt) => db.prepare_cached("DELETE FROM queue WHERE seq = ?1")?.execute([receipt])?,
            Self::Defer { receipt, visible_at, deferrals, reason } => db
                .prepare_cached(
                    "UPDATE queue SET visible_at = ?2, receive_count = 0, attempts = ?3, early_attempts = ?4, last_failure = ?5
                     WHERE seq = ?1",
                )?
                .execute((receipt, visible_at.as_millis(), deferrals.attempts, deferrals.early_attempts, reason))?,
        };
        Ok(())
    }
}

impl Sqlite {
    /// Returns an error if the queue has no room for `count` further messages.
    async fn check_room(&self, count: u64) -> Result<(), Unavailable> {
        let backlog = &self.shared.backlog;
        let mut room = backlog.take(count);
        if room == Room::Unknown {
            backlog.set(self.depth().await?.messages);
            room = backlog.take(count);
        }
        match room {
            Room::Enough => Ok(()),
            Room::Full | Room::Unknown => {
                Err(unavailable("writing to the queue", format!("{MAX_MESSAGES} messages are waiting already")))
            }
        }
    }

    /// Writes the settlements, or keeps them for the next receive call if that fails.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), Unavailable> {
        if settlements.is_empty() {
            return Ok(());
        }
        let kept = settlements.clone();
        let write = move |db: &Connection| settlements.iter().try_for_each(|settlement| settlement.write(db));
        let written = self.write("settling messages of the queue", write).await;
        if written.is_err() {
            self.unsettled().extend(kept);
        }
        written
    }

    /// Writes to the database although there is nothing to store, so that an idle server notices a full disk.
    pub async fn probe_write(&self) -> Result<(), Unavailable> {
        let probe = self.write("writing to the database", |db| {
            // SQLite does not write a row that stays the same.
            let now = clock::now().as_millis();
            db.prepare_cached("UPDATE clock SET latest = max(latest + 1, ?1)")?.execute([now])?;
            Ok(())
        });
        let written = probe.await;
        *self.write_error() = written.clone().err();
        written
    }

    fn write_error(&self) -> MutexGuard<'_, Option<Unavailable>> {
        self.shared.write_error.lock().expect("no thread panics while it holds the lock")
    }

    fn unsettled(&self) -> MutexGuard<'_, Vec<Settlement>> {
        self.shared.unsettled.lock().expect("no thread panics while it holds the lock")
    }

    /// Receives the messages that are visible now.
    async fn receive_now(&self, limit: usize) -> Result<Vec<Delivery>, Unavailable> {
        let unsettled = std::mem::take(&mut *self.unsettled());
        self.settle(unsettled).await?;
        let visibility_timeout = self.shared.visibility_timeout;
        // Every second call takes unsuspected messages first. Otherwise many suspects would delay the others.
        let prefers_unsuspected = self.shared.prefers_unsuspected.fetch_not(Ordering::Relaxed);
        let received = self.write("reading the queue", move |db| {
            let now = clock::now();
            reject_undeliverable(db, now)?;
            let first = "SELECT receive_count FROM queue WHERE visible_at <= ?1 AND receive_count < ?2 ORDER BY seq LIMIT 1";
            let first_below =
                |receives| query_optional(db, first, (now.as_millis(), receives), |row| row.get::<_, u32>(0));
            let unsuspected = if prefers_unsuspected { first_below(SUSPECT_RECEIVES)? } else { None };
            let receive_count = if unsuspected.is_some() { unsuspected } else { first_below(MAX_RECEIVES)? };
            let Some(receive_count) = receive_count else { return Ok(Vec::new()) };
            // A suspect is delivered alone, so that it cannot raise the receive counts of other messages.
            let (limit, receives) =
                if receive_count < SUSPECT_RECEIVES { (limit, SUSPECT_RECEIVES) } else { (1, MAX_RECEIVES) };
            let mut update = db.prepare_cached(
                "UPDATE queue SET receive_count = receive_count + 1, visible_at = ?2
                 WHERE seq IN (SELECT seq FROM queue WHERE visible_at <= ?1 AND receive_count < ?4 ORDER BY seq LIMIT ?3)
                 RETURNING seq, id, body, arrived_at, receive_count, attempts, early_attempts",
            )?;
            let rows = update.query_map((now.as_millis(), now.plus(visibility_timeout).as_millis(), limit, receives), |row| {
                let seq: i64 = row.get(0)?;
                let delivery = Delivery {
                    message_id: row.get(1)?,
                    receipt: seq.to_string(),
                    body: row.get(2)?,
                    arrived_at: stored_time(row.get(3)?)?,
                    receive_count: row.get(4)?,
                    deferrals: Deferrals { attempts: row.get(5)?, early_attempts: row.get(6)? },
                };
                Ok((seq, delivery))
            })?;
            let mut received = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            received.sort_unstable_by_key(|(seq, _)| *seq);
            Ok(received.into_iter().map(|(_, delivery)| delivery).collect())
        });
        let received: Vec<Delivery> = received.await?;
        self.shared.backlog.record_lag(&received, clock::now());
        Ok(received)
    }
}

/// Rejects the messages that were received too often without an outcome. SQS moves them to the dead-letter queue.
fn reject_undeliverable(db: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    const { assert!(MAX_RECEIVES == 5, "the SQL below and the index queue_spent contain this number") };
    db.prepare_cached(
        "INSERT OR IGNORE INTO reject (id, body, reason, arrived_at, rejected_at)
         SELECT id, body, ?2, arrived_at, ?1 FROM queue WHERE visible_at <= ?1 AND receive_count >= 5",
    )?
    .execute((now.as_millis(), STOPPED_REASON))?;
    db.prepare_cached("DELETE FROM queue WHERE visible_at <= ?1 AND receive_count >= 5")?.execute([now.as_millis()])?;
    Ok(())
}
