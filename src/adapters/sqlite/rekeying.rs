//! The migration to schema 12: names fold punctuation, so attendees are stored under other keys than before.

use std::collections::{BTreeMap, HashSet};

use rusqlite::Connection;

use crate::adapters::sqlite::digests::{self, DigestRow};
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::new_event_id::for_log;
use crate::domain::rekeying::{Rekeying, RekeyingPlan};
use crate::domain::signup::AttendeeKey;

/// Moves every attendee, and all that is stored for them, to their key of today. Attendees of one event who would have
/// the same key stay apart under the keys that they have.
pub fn rekey(db: &Connection) -> rusqlite::Result<()> {
    let RekeyingPlan { moves, mut apart } = RekeyingPlan::of(keys(db, "SELECT event, name FROM attendee")?);
    let mut rekeyed = 0;
    for rekeying in moves {
        if exists(db, &rekeying.event, &rekeying.to)? {
            apart.push(rekeying.earlier_key());
        } else {
            rekey_attendee(db, &rekeying)?;
            rekeyed += 1;
        }
    }
    let apart: HashSet<AttendeeKey> = apart.into_iter().collect();
    rekey_changes(db, &apart)?;
    rekey_column(db, "button", "attendee")?;
    rekey_column(db, "household", "key")?;
    report(rekeyed, &apart);
    Ok(())
}

fn keys(db: &Connection, sql: &str) -> rusqlite::Result<Vec<AttendeeKey>> {
    let mut outdated = Vec::new();
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let name = NameKey::from_stored(row.get(1)?);
        if *name.refolded() != name {
            outdated.push(AttendeeKey { event: EventId::from_stored(row.get(0)?), name });
        }
    }
    Ok(outdated)
}

fn exists(db: &Connection, event: &EventId, name: &NameKey) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM attendee WHERE event = ?1 AND name = ?2")?.exists((event.as_str(), name.as_str()))
}

fn rekey_attendee(db: &Connection, rekeying: &Rekeying) -> rusqlite::Result<()> {
    let Rekeying { event, from, to } = rekeying;
    for table in ["attendee", "inbox"] {
        let sql = format!("UPDATE OR REPLACE {table} SET name = ?3 WHERE event = ?1 AND name = ?2");
        db.prepare_cached(&sql)?.execute((event.as_str(), from.as_str(), to.as_str()))?;
    }
    // A damaged digest is parked when it is read next.
    if let Some(Ok(mut digest)) = digests::find(db, event)?.map(|row| digests::read(event, row))
        && digest.keep_recipient(rekeying)
    {
        let _ = DigestRow::next(&digest).write(db)?;
    }
    Ok(())
}

/// Changes are re-keyed although their attendees may be removed by now.
fn rekey_changes(db: &Connection, apart: &HashSet<AttendeeKey>) -> rusqlite::Result<()> {
    for key in keys(db, "SELECT DISTINCT event, name FROM change")? {
        if apart.contains(&key) {
            continue;
        }
        let image = |column| {
            format!("{column} = CASE WHEN json_valid({column}) THEN json_set({column}, '$.name', ?3) ELSE {column} END")
        };
        let (old, new) = (image("old_image"), image("new_image"));
        let sql = format!("UPDATE change SET name = ?3, {old}, {new} WHERE event = ?1 AND name = ?2");
        let refolded = key.name.refolded();
        db.prepare_cached(&sql)?.execute((key.event.as_str(), key.name.as_str(), refolded.as_str()))?;
    }
    Ok(())
}

/// Replaces the keys in a column of a table that is not keyed by names. The record of a button contains the key too, but
/// it is not read.
fn rekey_column(db: &Connection, table: &str, column: &str) -> rusqlite::Result<()> {
    for key in keys(db, &format!("SELECT DISTINCT '', {column} FROM {table}"))? {
        let sql = format!("UPDATE {table} SET {column} = ?2 WHERE {column} = ?1");
        db.prepare_cached(&sql)?.execute((key.name.as_str(), key.name.refolded().as_str()))?;
    }
    Ok(())
}

/// Logs the events whose attendees stay apart. Names are not logged; the rosters show them.
fn report(rekeyed: usize, apart: &HashSet<AttendeeKey>) {
    let mut by_event: BTreeMap<&EventId, usize> = BTreeMap::new();
    for key in apart {
        *by_event.entry(&key.event).or_default() += 1;
    }
    for (event, attendees) in by_event {
        tracing::warn!(
            event.id = for_log(event),
            attendees,
            "attendees kept apart: their names are now the same as that of another attendee"
        );
    }
    if rekeyed > 0 || !apart.is_empty() {
        tracing::info!(rekeyed, kept_apart = apart.len(), "attendees re-keyed, because names fold punctuation");
    }
}
