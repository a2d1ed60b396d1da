//! The details of events, one row each. A write replaces the whole row, and is conditional on its version.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;

use crate::adapters::sqlite::{Sqlite, change_feed, query_optional};
use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::describe_damage;
use crate::formats::stored::event_details::{DETAILS, EventDetailsRecord};
use crate::ports::{Events, StoredDetails, Unavailable, Write};

#[async_trait]
impl Events for Sqlite {
    async fn details(&self, events: &[EventId]) -> Result<Vec<StoredDetails>, Unavailable> {
        let events = events.to_vec();
        self.read("reading the details of events", move |db| {
            let read = |event: &EventId| {
                let record = stored_record(db, event)?;
                Ok(match from_image(event, record) {
                    Ok(Some(details)) => StoredDetails::Some(Arc::new(details)),
                    Ok(None) => StoredDetails::None,
                    Err(cause) => StoredDetails::Damaged(cause),
                })
            };
            events.iter().map(read).collect()
        })
        .await
    }

    async fn create_event(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable> {
        let details = details.clone();
        self.write("creating an event", move |db| {
            let sql = "SELECT 1 FROM event WHERE id = ?1
                       UNION ALL SELECT 1 FROM attendee WHERE event = ?1
                       UNION ALL SELECT 1 FROM event_details WHERE event = ?1";
            let event = details.event.as_str();
            if query_optional(db, sql, [event], |_| Ok(()))?.is_some() {
                return Ok(Write::Conflict);
            }
            store(db, &details, now)
        })
        .await
    }

    async fn store_details(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable> {
        let details = details.clone();
        self.write("storing the details of an event", move |db| store(db, &details, now)).await
    }
}

/// Stores the next version of the details with their change, and shows the title in the list of events.
fn store(db: &Connection, details: &EventDetails, now: Timestamp) -> rusqlite::Result<Write> {
    let event = details.event.as_str();
    let old = stored_record(db, &details.event)?;
    let sql = "SELECT version FROM event_details WHERE event = ?1";
    let stored_version: u64 = query_optional(db, sql, [event], |row| row.get(0))?.unwrap_or(0);
    if stored_version != details.version {
        return Ok(Write::Conflict);
    }
    let new =
        serde_json::to_string(&EventDetailsRecord::next(details)).expect("a record can always be written as JSON");
    db.prepare_cached("INSERT OR REPLACE INTO event_details (event, version, record) VALUES (?1, ?2, ?3)")?
        .execute((event, details.version + 1, &new))?;
    let sql =
        "INSERT INTO event (id, title, count) VALUES (?1, ?2, 0) ON CONFLICT DO UPDATE SET title = excluded.title";
    db.prepare_cached(sql)?.execute((event, details.content.title.as_str()))?;
    change_feed::record_images(db, (event, DETAILS), old, Some(new), now)?;
    Ok(Write::Stored)
}

pub fn stored_record(db: &Connection, event: &EventId) -> rusqlite::Result<Option<String>> {
    query_optional(db, "SELECT record FROM event_details WHERE event = ?1", [event.as_str()], |row| row.get(0))
}

/// Reads the details in a stored record. The error says what is wrong, without the values in it.
pub fn from_image(event: &EventId, record: Option<String>) -> Result<Option<EventDetails>, String> {
    let Some(record) = record else { return Ok(None) };
    let record: EventDetailsRecord = serde_json::from_str(&record).map_err(|error| describe_damage(&error))?;
    record.into_details(event.clone()).map(Some)
}
