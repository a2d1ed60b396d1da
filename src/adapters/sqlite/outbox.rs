//! The outbox as a table. A message stays in it until its outcome is stored.

use async_trait::async_trait;
use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use crate::adapters::sqlite::{Sqlite, stored_time};
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::outbox_message::{DigestDelivery, DigestRecipient, MessageKind, OutboxMessage};
use crate::domain::registration::RegistrationKey;
use crate::domain::signup::{AttendeeKey, SignupId};
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::describe_damage;
use crate::ports::{
    Deletion, Depth, Lane, LastAttempt, Outbox, OutboxEntry, OutboxTable, Retry, Unavailable, WaitingMessage,
};

const WRITING: &str = "writing to the outbox";

/// The columns of a message.
const MESSAGE: &str = "kind, event, name, owner, announced_at, owed_since, names";

/// The kinds that this version knows.
const KNOWN: &str = "kind IN ('opt_in_request', 'manage_link', 'seat_news', 'digest')";

#[async_trait]
impl Outbox for Sqlite {
    async fn put(&self, messages: Vec<OutboxMessage>, now: Timestamp) -> Result<(), Unavailable> {
        self.write(WRITING, move |db| messages.iter().try_for_each(|message| insert(db, message, now))).await
    }
}

/// Puts a message into the outbox.
pub fn insert(db: &Connection, message: &OutboxMessage, now: Timestamp) -> rusqlite::Result<()> {
    let (kind, event, now) = (message.kind().as_str(), message.event().as_str(), now.as_millis());
    let name = message.attendee().map_or("", NameKey::as_str);
    match message {
        OutboxMessage::OptInRequest(registration)
        | OutboxMessage::ManageLink(registration)
        | OutboxMessage::SeatNews(registration) => {
            let sql = "INSERT INTO outbox (kind, event, name, owner, first_at, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
                       ON CONFLICT DO UPDATE SET version = version + 1, first_at = excluded.first_at,
                       due_at = excluded.due_at, attempts = 0, claimed_at = NULL, last_failure = NULL";
            db.prepare_cached(sql)?.execute((kind, event, name, registration.owner.as_str(), now))
        }
        OutboxMessage::Digest(DigestDelivery { announced_at, owed_since, to, .. }) => {
            // An attempt under way may have read the announcements already, so its outcome does not count.
            let sql = "INSERT INTO outbox (kind, event, name, owner, first_at, due_at, announced_at, owed_since, names)
                       VALUES (?1, ?2, ?3, '', ?4, ?4, ?5, ?6, ?7)
                       ON CONFLICT DO UPDATE SET version = version + 1, first_at = excluded.first_at,
                       names = excluded.names, announced_at = max(announced_at, excluded.announced_at),
                       owed_since = coalesce(min(owed_since, excluded.owed_since), excluded.owed_since),
                       due_at = iif(claimed_at IS NULL, due_at, min(due_at, excluded.due_at))";
            let names: Vec<&str> = match to {
                DigestRecipient::Attendees(names) => names.iter().map(NameKey::as_str).collect(),
                DigestRecipient::Everybody => Vec::new(),
            };
            let names = serde_json::Value::from(names).to_string();
            let [announced_at, owed_since] = [announced_at, owed_since].map(|at| at.as_millis());
            db.prepare_cached(sql)?.execute((kind, event, name, now, announced_at, owed_since, names))
        }
    }
    .map(drop)
}

#[async_trait]
impl OutboxTable for Sqlite {
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
            let sql = format!(
                "SELECT {MESSAGE}, id, first_at, due_at, attempts, last_failure
                 FROM outbox WHERE id > ?1 AND {KNOWN} ORDER BY id LIMIT ?2"
            );
            let mut select = db.prepare_cached(&sql)?;
            let rows = select.query_map((after, limit), |row| {
                Ok(WaitingMessage {
                    message: message(row)?,
                    id: row.get::<_, i64>(7)?.to_string(),
                    first_at: stored_time(row.get(8)?)?,
                    due_at: stored_time(row.get(9)?)?,
                    attempts: row.get(10)?,
                    last_failure: row.get(11)?,
                })
            })?;
            rows.filter_map(readable).collect()
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
        lane: Lane,
        limit: usize,
        now: Timestamp,
        claimed_until: Timestamp,
    ) -> Result<Vec<OutboxEntry>, Unavailable> {
        let is_direct = lane == Lane::Direct;
        // An empty outbox is not written to.
        let is_empty = self.read("reading the outbox", move |db| {
            let sql = format!(
                "SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE (announced_at IS NULL) = ?1 AND due_at <= ?2 AND {KNOWN})"
            );
            db.prepare_cached(&sql)?.query_row((is_direct, now.as_millis()), |row| row.get(0))
        });
        if is_empty.await? {
            return Ok(Vec::new());
        }
        self.write(WRITING, move |db| {
            let sql = format!(
                "SELECT {MESSAGE}, id, version, first_at, attempts, claimed_at
                 FROM outbox WHERE (announced_at IS NULL) = ?1 AND due_at <= ?2 AND {KNOWN}
                 ORDER BY attempts > 0, due_at, id LIMIT ?3"
            );
            let mut select = db.prepare_cached(&sql)?;
            let rows = select
                .query_map((is_direct, now.as_millis(), limit), |row| Ok((row.get::<_, i64>(7)?, read(row))))?;
            // A damaged message is claimed too, so that it does not stay before the others.
            let claimed = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            let mut update = db.prepare_cached(
                "UPDATE outbox SET version = version + 1, claimed_at = coalesce(claimed_at, ?2), due_at = ?3, attempts = attempts + 1
                 WHERE id = ?1",
            )?;
            for (id, _) in &claimed {
                update.execute((id, now.as_millis(), claimed_until.as_millis()))?;
            }
            claimed.into_iter().filter_map(|(_, entry)| readable(entry)).collect()
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
        let is_resolved = last_attempt != LastAttempt::Unresolved;
        let is_made = last_attempt != LastAttempt::NotMade;
        self.write(WRITING, move |db| {
            let sql = "UPDATE outbox SET claimed_at = iif(:is_resolved, NULL, claimed_at), due_at = :due_at,
                       last_failure = :reason, attempts = iif(:is_made, attempts, attempts - 1)";
            let due_at = due_at.as_millis();
            let values: [(&str, &dyn rusqlite::ToSql); 4] =
                [(":is_resolved", &is_resolved), (":due_at", &due_at), (":reason", &reason), (":is_made", &is_made)];
            settle(db, sql, &receipt, values)
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
    let (id, version): (i64, i64) = (row.get(7)?, row.get(8)?);
    Ok(OutboxEntry {
        message: message(row)?,
        first_at: stored_time(row.get(9)?)?,
        attempts: row.get::<_, u32>(10)?.saturating_add(1),
        unresolved_since: row.get::<_, Option<i64>>(11)?.map(stored_time).transpose()?,
        receipt: format!("{id}-{}", version + 1),
    })
}

/// Reads a message from the columns [`MESSAGE`].
fn message(row: &Row<'_>) -> rusqlite::Result<OutboxMessage> {
    let kind: String = row.get(0)?;
    let kind: MessageKind = kind.parse().map_err(|error| invalid(0, error))?;
    let event = EventId::from_stored(row.get(1)?);
    let name = NameKey::from_stored(row.get(2)?);
    let registration = |event, name| -> rusqlite::Result<RegistrationKey> {
        Ok(RegistrationKey { attendee: AttendeeKey { event, name }, owner: SignupId::from_stored(row.get(3)?) })
    };
    Ok(match kind {
        MessageKind::OptInRequest => OutboxMessage::OptInRequest(registration(event, name)?),
        MessageKind::ManageLink => OutboxMessage::ManageLink(registration(event, name)?),
        MessageKind::SeatNews => OutboxMessage::SeatNews(registration(event, name)?),
        MessageKind::Digest => {
            let names: String = row.get(6)?;
            let names: Vec<NameKey> = serde_json::from_str(&names).map_err(|error| invalid(6, error))?;
            let to = if names.is_empty() { DigestRecipient::Everybody } else { DigestRecipient::Attendees(names) };
            let (announced_at, owed_since) = (stored_time(row.get(4)?)?, stored_time(row.get(5)?)?);
            OutboxMessage::Digest(DigestDelivery { event, announced_at, owed_since, to })
        }
    })
}

/// Leaves out a message that is damaged, so that it affects no other.
fn readable<T>(read: rusqlite::Result<T>) -> Option<rusqlite::Result<T>> {
    match read {
        Err(error @ (rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..))) => {
            tracing::error!(error = describe_damage(&error), "damaged message of the outbox left out");
            None
        }
        read => Some(read),
    }
}

fn invalid(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// Returns `None` if no message can have this id.
fn parse_id(text: &str) -> Option<i64> {
    text.parse().ok()
}
