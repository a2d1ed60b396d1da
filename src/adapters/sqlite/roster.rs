//! The attendees. Each write also updates, in the same transaction, the event counts and the change feed.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use rusqlite::Connection;
use tokio::time::Instant;

use crate::adapters::sqlite::attendee_row::COLUMNS;
use crate::adapters::sqlite::seats::IN_DIGEST;
use crate::adapters::sqlite::{Sqlite, attendee_row, buttons, change_feed, households, query_optional, rejects, seats};
use crate::domain::attendee;
use crate::domain::attendee::{Applied, Attendee};
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::attendee::AttendeeRecord;
use crate::formats::stored::describe_damage;
use crate::ports::{ApplyError, AttendeeSignups, EventSummary, Roster, RosterPage, Unavailable};

/// Maximum attendees in one write, so that a failed write affects few other attendees.
const MAX_ATTENDEES_PER_WRITE: usize = 64;

#[async_trait]
impl Roster for Sqlite {
    /// A local write takes milliseconds, so the deadline is not checked.
    async fn apply(
        &self,
        batches: Vec<AttendeeSignups>,
        now: Timestamp,
        _deadline: Instant,
    ) -> Vec<Result<Vec<Applied>, ApplyError>> {
        let batches: Arc<[AttendeeSignups]> = batches.into();
        let writes = (0..batches.len()).step_by(MAX_ATTENDEES_PER_WRITE).map(async |start| {
            let slice = start..batches.len().min(start + MAX_ATTENDEES_PER_WRITE);
            let (count, batches) = (slice.len(), Arc::clone(&batches));
            let work = move |db: &Connection| {
                let apply = |batch| match apply_batch(db, batch, now) {
                    Ok(applied) => Ok(Ok(applied)),
                    Err(BatchError::Damaged(error)) => Ok(Err(ApplyError::damaged(&error.to_string()))),
                    Err(BatchError::Transaction(error)) => Err(error),
                };
                batches[slice.clone()].iter().map(apply).collect()
            };
            let applied: Result<Vec<_>, _> = self.write("writing to the roster", work).await;
            applied.unwrap_or_else(|unavailable| vec![Err(unavailable.into()); count])
        });
        // The writes share a commit.
        join_all(writes).await.concat()
    }

    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable> {
        let key = key.clone();
        self.read("reading the roster", move |db| find(db, &key)).await
    }

    async fn roster(&self, event: &EventId, limit: usize, after: Option<&NameKey>) -> Result<RosterPage, Unavailable> {
        let event = event.clone();
        let after = after.map_or_else(String::new, |name| name.as_str().to_owned());
        self.read("reading the roster", move |db| {
            // One transaction, so that the count matches the attendees.
            let db = db.unchecked_transaction()?;
            let summary = format!("SELECT title, count, {IN_DIGEST} FROM event WHERE id = ?1");
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, seats::counts(row, 2)?));
            let summary = query_optional(&db, &summary, [event.as_str()], read)?;
            let Some((title, count, seats)) = summary else { return Ok(RosterPage::default()) };
            let sql = format!(
                "SELECT {COLUMNS} FROM attendee WHERE event = ?1 AND name > ?2 AND status = 'in' ORDER BY name"
            );
            let mut attendees = list(&db, &sql, (event.as_str(), after), limit.saturating_add(1))?;
            let has_more = attendees.len() > limit;
            attendees.truncate(limit);
            let next = attendees.last().filter(|_| has_more).map(|last| last.name.key().clone());
            Ok(RosterPage { title: Some(title), count, seats, attendees, next })
        })
        .await
    }

    async fn events(&self, limit: usize, after: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable> {
        let after = after.map_or_else(String::new, |event| event.as_str().to_owned());
        self.read("reading the events", move |db| {
            let sql = format!("SELECT id, title, count, {IN_DIGEST} FROM event WHERE id > ?1 ORDER BY id LIMIT ?2");
            let mut statement = db.prepare_cached(&sql)?;
            let rows = statement.query_map((after, limit), |row| {
                let (id, title, count) = (EventId::from_stored(row.get(0)?), row.get(1)?, row.get(2)?);
                Ok(EventSummary { id, title, count, seats: seats::counts(row, 3)? })
            })?;
            rows.collect()
        })
        .await
    }

    async fn all_attendees(&self, limit: usize, after: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable> {
        let (event, name) =
            after.map_or_else(Default::default, |key| (key.event.as_str().to_owned(), key.name.as_str().to_owned()));
        self.read("reading the roster", move |db| {
            let sql = format!(
                "SELECT {COLUMNS} FROM attendee WHERE (event, name) > (?1, ?2) AND status = 'in' ORDER BY event, name"
            );
            list(db, &sql, (event, name), limit)
        })
        .await
    }

    async fn remove(&self, name: &NameKey, event: Option<&EventId>, now: Timestamp) -> Result<u64, Unavailable> {
        let name = name.clone();
        let event = event.cloned();
        self.overwrite("removing a person", move |db| {
            let sql = format!(
                "SELECT {COLUMNS} FROM attendee
                 WHERE name IN (?1, ?2) AND event IN (SELECT id FROM event WHERE id = coalesce(?3, id))"
            );
            let refolded = name.refolded();
            let which = (name.as_str(), refolded.as_str(), event.as_ref().map(EventId::as_str));
            let attendees = list(db, &sql, which, usize::MAX)?;
            for attendee in &attendees {
                store(db, Some(attendee), None, now)?;
            }
            // Damaged rows are not in the list.
            let damaged =
                db.execute("DELETE FROM attendee WHERE name IN (?1, ?2) AND event = coalesce(?3, event)", which)?;
            change_feed::delete_private_values(db, &name, event.as_ref())?;
            // A digest may be for others too.
            db.execute(
                "UPDATE outbox SET names =
                 (SELECT json_group_array(value) FROM json_each(outbox.names) WHERE value NOT IN (?1, ?2))
                 WHERE event = coalesce(?3, event)
                 AND EXISTS (SELECT 1 FROM json_each(outbox.names) WHERE value IN (?1, ?2))",
                which,
            )?;
            db.execute(
                // Another message may begin with the same name. The id tells them apart.
                "UPDATE outbox SET name = names ->> 0, owner = id
                 WHERE name IN (?1, ?2) AND event = coalesce(?3, event) AND names <> '[]'",
                which,
            )?;
            db.execute("DELETE FROM outbox WHERE name IN (?1, ?2) AND event = coalesce(?3, event)", which)?;
            for event in attendees.iter().map(|attendee| attendee.event.as_str()) {
                delete_event_if_empty(db, event)?;
            }
            let rejects = rejects::delete_selected(db, |reject| reject.is_about(&name, event.as_ref()))?;
            let buttons = buttons::delete_of_person(db, &name, event.as_ref())?;
            // A household's usual name belongs to no single event.
            let households = if event.is_none() { households::delete_usual_name(db, &name)? } else { 0 };
            Ok(u64::try_from(attendees.len() + damaged + rejects + buttons + households).expect("a count fits 64 bits"))
        })
        .await
    }
}

/// Why a row was not read or written.
pub(super) enum BatchError {
    /// The row is damaged. Other attendees are not affected.
    Damaged(rusqlite::Error),
    /// The transaction has failed.
    Transaction(rusqlite::Error),
}

impl From<rusqlite::Error> for BatchError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
        match error {
            FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..) => {
                Self::Damaged(error)
            }
            _ => Self::Transaction(error),
        }
    }
}

/// Applies the requests about one attendee, and stores the attendee if it changed.
fn apply_batch(db: &Connection, batch: &AttendeeSignups, now: Timestamp) -> Result<Vec<Applied>, BatchError> {
    let current = find(db, &batch.key)?;
    let (changed, applied) = attendee::apply_all(current.as_ref(), &batch.signups, now);
    if let Some(new) = &changed {
        store(db, current.as_ref(), Some(new), now)?;
    }
    Ok(applied)
}

/// Replaces or deletes an attendee, updates the event's count, and adds the change to the change feed.
pub fn store(db: &Connection, old: Option<&Attendee>, new: Option<&Attendee>, now: Timestamp) -> rusqlite::Result<()> {
    let (old_record, new_record) = (old.map(AttendeeRecord::from), new.map(AttendeeRecord::from));
    let Some(attendee) = new.or(old) else { return Ok(()) };
    let event = attendee.event.as_str();
    let owner = |attendee: Option<&Attendee>| Some(attendee?.registration()?.owner.clone());
    // The messages of earlier versions belong to the registration, which ends when its owner changes.
    if owner(old) != owner(new) {
        let mut delete_inbox = db.prepare_cached("DELETE FROM inbox WHERE event = ?1 AND name = ?2")?;
        delete_inbox.execute((event, attendee.name.key().as_str()))?;
    }
    match &new_record {
        Some(record) => attendee_row::write(db, record)?,
        None => {
            let mut delete = db.prepare_cached("DELETE FROM attendee WHERE event = ?1 AND name = ?2")?;
            delete.execute((event, attendee.name.key().as_str()))?;
        }
    }
    let count =
        |attendee: Option<&Attendee>| i64::from(attendee.is_some_and(|attendee| attendee.registration().is_some()));
    match count(new) - count(old) {
        0 => {}
        1 => {
            let sql =
                "INSERT INTO event (id, title, count) VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET count = count + 1";
            db.prepare_cached(sql)?.execute((event, &attendee.title))?;
        }
        _ => {
            db.prepare_cached("UPDATE event SET count = count - 1 WHERE id = ?1")?.execute([event])?;
        }
    }
    change_feed::record(db, &attendee.key(), old_record.as_ref(), new_record.as_ref(), now)
}

/// Deletes an event that has no attendees, neither on the roster nor as tombstones, and no details. The marker of a deleted
/// event is no details; it begins with `deleted_at`.
pub fn delete_event_if_empty(db: &Connection, event: &str) -> rusqlite::Result<()> {
    db.prepare_cached(
        "DELETE FROM event WHERE id = ?1 AND count = 0 AND NOT EXISTS (SELECT 1 FROM attendee WHERE event = ?1)
         AND NOT EXISTS (SELECT 1 FROM event_details WHERE event = ?1 AND record NOT LIKE '{\"deleted_at\":%')",
    )?
    .execute([event])?;
    Ok(())
}

pub fn find(db: &Connection, key: &AttendeeKey) -> rusqlite::Result<Option<Attendee>> {
    let sql = format!("SELECT {COLUMNS} FROM attendee WHERE event = ?1 AND name = ?2");
    let find = |name: &NameKey| query_optional(db, &sql, (key.event.as_str(), name.as_str()), attendee_row::read);
    match (find(&key.name)?, key.name.refolded()) {
        (None, Cow::Owned(refolded)) => find(&refolded),
        (found, _) => Ok(found),
    }
}

/// Returns the attendee who is stored under exactly this key.
pub(super) fn find_exact(db: &Connection, key: &AttendeeKey) -> rusqlite::Result<Option<Attendee>> {
    let sql = format!("SELECT {COLUMNS} FROM attendee WHERE event = ?1 AND name = ?2");
    query_optional(db, &sql, (key.event.as_str(), key.name.as_str()), attendee_row::read)
}

/// Returns at most `limit` attendees of an event who have a contact, with names after `after`.
pub fn with_contact(db: &Connection, event: &EventId, after: &str, limit: usize) -> rusqlite::Result<Vec<Attendee>> {
    let sql =
        format!("SELECT {COLUMNS} FROM attendee WHERE event = ?1 AND name > ?2 AND contact IS NOT NULL ORDER BY name");
    list(db, &sql, (event.as_str(), after), limit)
}

/// Returns at most `limit` attendees. Leaves out damaged rows, so that they affect no other.
pub(super) fn list(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    limit: usize,
) -> rusqlite::Result<Vec<Attendee>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        match attendee_row::read(row).map_err(BatchError::from) {
            Ok(attendee) => found.push(attendee),
            Err(BatchError::Damaged(error)) => {
                tracing::error!(error = describe_damage(&error), "damaged attendee left out of a list");
            }
            Err(BatchError::Transaction(error)) => return Err(error),
        }
    }
    Ok(found)
}
