//! The outbox as a table. A message stays in it until its outcome is stored.

use async_trait::async_trait;
use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use crate::adapters::sqlite::{Sqlite, stored_time};
use crate::domain::attendee_name::NameKey;
use crate::domain::direct_message::DirectMessage;
use crate::domain::event::EventId;
use crate::domain::registration::RegistrationKey;
use crate::domain::signup::{AttendeeKey, SignupId};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Deletion, Depth, LastAttempt, Outbox, OutboxEntry, Retry, Unavailable, WaitingMessage};

const WRITING: &str = "writing to the outbox";

#[async_trait]
impl Outbox for Sqlite {
    async fn put(&self, messages: Vec<DirectMessage>, now: Timestamp) -> Result<(), Unavailable> {
        self.write(WRITING, move |db| {
            let sql = "INSERT INTO outbox (kind, event, name, owner, first_at, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
                       ON CONFLICT DO UPDATE SET version = version + 1, first_at = excluded.first_at,
                       due_at = excluded.due_at, attempts = 0, claimed_at = NULL, last_failure = NULL";
            let mut insert = db.prepare_cached(sql)?;
            for DirectMessage { kind, registration: RegistrationKey { attendee, owner } } in &messages {
                let (event, name) = (attendee.event.as_str(), attendee.name.as_str());
                insert.execute((kind.as_str(), event, name, owner.as_str(), now.as_millis()))?;
            }
            Ok(())
        })
        .await
    }

    async fn depth(&self) -> Result<Depth, Unavailable> {
        self.read("measuring the outbox", |db| {
            db.prepare_cached("SELECT count(*), min(first_at) FROM outbox")?.query_row((), |row| {
                let oldest: Option<i64> = row.get(1)?;
                Ok(Depth { messages: row.get(0)?, oldest: oldest.map(stored_time).transpose()? })
            })
        })
        .await
    }

    async fn waiting(&self, limit: usize, after: Option<&str>) -> Result<Vec<WaitingMessage>, Unavailable> {
        let after = after.map_or(Some(0), parse_id).unwrap_or(i64::MAX);
        self.read("reading the outbox", move |db| {
            let sql = "SELECT kind, event, name, owner, id, first_at, due_at, attempts, last_failure
                       FROM outbox WHERE id > ?1 AND kind IN ('opt_in_request', 'manage_link') ORDER BY id LIMIT ?2";
            let mut select = db.prepare_cached(sql)?;
            let rows = select.query_map((after, limit), |row| {
                Ok(WaitingMessage {
                    message: message(row)?,
                    id: row.get::<_, i64>(4)?.to_string(),
                    first_at: stored_time(row.get(5)?)?,
                    due_at: stored_time(row.get(6)?)?,
                    attempts: row.get(7)?,
                    last_failure: row.get(8)?,
                })
            })?;
            rows.collect()
        })
        .await
    }

    async fn retry(&self, id: &str, now: Timestamp) -> Result<Retry, Unavailable> {
        let Some(id) = parse_id(id) else { return Ok(Retry::NotFound) };
        self.write(WRITING, move |db| {
            let sql = "UPDATE outbox SET due_at = min(due_at, ?2) WHERE id = ?1 AND claimed_at IS NULL";
            if db.prepare_cached(sql)?.execute((id, now.as_millis()))? > 0 {
                return Ok(Retry::Due);
            }
            let exists = db.prepare_cached("SELECT 1 FROM outbox WHERE id = ?1")?.exists([id])?;
            Ok(if exists { Retry::Attempted } else { Retry::NotFound })
        })
        .await
    }

    async fn drop_message(&self, id: &str) -> Result<Deletion, Unavailable> {
        let Some(id) = parse_id(id) else { return Ok(Deletion::NotFound) };
        self.write(WRITING, move |db| {
            let deleted = db.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([id])?;
            Ok(Deletion::of(deleted > 0))
        })
        .await
    }

    async fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        claimed_until: Timestamp,
    ) -> Result<Vec<OutboxEntry>, Unavailable> {
        // An empty outbox is not written to.
        let is_empty = self.read("reading the outbox", move |db| {
            let sql = "SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE due_at <= ?1)";
            db.prepare_cached(sql)?.query_row([now.as_millis()], |row| row.get(0))
        });
        if is_empty.await? {
            return Ok(Vec::new());
        }
        self.write(WRITING, move |db| {
            let sql = "SELECT kind, event, name, owner, id, version, first_at, attempts, claimed_at
                       FROM outbox WHERE due_at <= ?1 AND kind IN ('opt_in_request', 'manage_link')
                       ORDER BY attempts > 0, due_at, id LIMIT ?2";
            let mut select = db.prepare_cached(sql)?;
            let rows = select.query_map((now.as_millis(), limit), |row| Ok((row.get::<_, i64>(4)?, read(row)?)))?;
            let claimed = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            let mut update = db.prepare_cached(
                "UPDATE outbox SET version = version + 1, claimed_at = coalesce(claimed_at, ?2), due_at = ?3, attempts = attempts + 1
                 WHERE id = ?1",
            )?;
            for (id, _) in &claimed {
                update.execute((id, now.as_millis(), claimed_until.as_millis()))?;
            }
            Ok(claimed.into_iter().map(|(_, entry)| entry).collect())
        })
        .await
    }

    async fn finish(&self, entry: &OutboxEntry) -> Result<(), Unavailable> {
        let receipt = entry.receipt.clone();
        self.write(WRITING, move |db| settle(db, "DELETE FROM outbox", &receipt, [])).await
    }

    async fn defer(
        &self,
        entry: &OutboxEntry,
        due_at: Timestamp,
        last_attempt: LastAttempt,
        reason: &str,
    ) -> Result<(), Unavailable> {
        let (receipt, reason) = (entry.receipt.clone(), reason.to_owned());
        let is_resolved = last_attempt == LastAttempt::Resolved;
        self.write(WRITING, move |db| {
            let sql = "UPDATE outbox SET claimed_at = iif(:is_resolved, NULL, claimed_at), due_at = :due_at,
                       last_failure = :reason";
            let due_at = due_at.as_millis();
            settle(db, sql, &receipt, [(":is_resolved", &is_resolved), (":due_at", &due_at), (":reason", &reason)])
        })
        .await
    }

    async fn release(&self, entry: &OutboxEntry) -> Result<(), Unavailable> {
        let receipt = entry.receipt.clone();
        let before = entry.unresolved_since.map(Timestamp::as_millis);
        self.write(WRITING, move |db| {
            let sql = "UPDATE outbox SET due_at = claimed_at, claimed_at = :before, attempts = attempts - 1";
            settle(db, sql, &receipt, [(":before", &before as &dyn rusqlite::ToSql)])
        })
        .await
    }
}

impl Sqlite {
    /// Makes all messages due: the workers that claimed some have stopped, because only this process uses the database, and
    /// the clock may have been set back.
    pub async fn end_claims(&self, now: Timestamp) -> Result<(), Unavailable> {
        self.write(WRITING, move |db| {
            db.execute("UPDATE outbox SET due_at = min(due_at, ?1)", [now.as_millis()]).map(drop)
        })
        .await
    }
}

/// Runs a statement for the message with this claim. It does nothing if the message was put into the outbox again, or
/// claimed by another worker.
fn settle<const N: usize>(
    db: &Connection,
    statement: &str,
    receipt: &str,
    values: [(&str, &dyn rusqlite::ToSql); N],
) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(&format!("{statement} WHERE id = :id AND version = :version"))?;
    let (id, version) = receipt.split_once('-').unwrap_or((receipt, ""));
    let mut params = values.to_vec();
    params.extend([(":id", &id as &dyn rusqlite::ToSql), (":version", &version)]);
    statement.execute(params.as_slice()).map(drop)
}

/// Reads an entry as it is after the claim.
fn read(row: &Row<'_>) -> rusqlite::Result<OutboxEntry> {
    let (id, version): (i64, i64) = (row.get(4)?, row.get(5)?);
    Ok(OutboxEntry {
        message: message(row)?,
        first_at: stored_time(row.get(6)?)?,
        attempts: row.get::<_, u32>(7)?.saturating_add(1),
        unresolved_since: row.get::<_, Option<i64>>(8)?.map(stored_time).transpose()?,
        receipt: format!("{id}-{}", version + 1),
    })
}

/// Reads a message from the first four columns.
fn message(row: &Row<'_>) -> rusqlite::Result<DirectMessage> {
    let kind: String = row.get(0)?;
    let kind =
        kind.parse().map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))?;
    let attendee = AttendeeKey { event: EventId::from_stored(row.get(1)?), name: NameKey::from_stored(row.get(2)?) };
    Ok(DirectMessage { kind, registration: RegistrationKey { attendee, owner: SignupId::from_stored(row.get(3)?) } })
}

/// Returns `None` if no message can have this id.
fn parse_id(text: &str) -> Option<i64> {
    text.parse().ok()
}
