//! The details of events, or the markers of deleted ones, one row each. A write replaces the whole row, and is conditional on its version.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;
use serde::Deserialize as _;
use serde_json::{Map, Value};

use crate::adapters::sqlite::{Sqlite, change_feed, query_optional};
use crate::domain::deleted_event::DeletedEvent;
use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::deleted_event::DeletionRecord;
use crate::formats::stored::describe_damage;
use crate::formats::stored::event_details::{DETAILS, EventDetailsRecord};
use crate::ports::{Events, StoredDetails, Unavailable, Write};

#[async_trait]
impl Events for Sqlite {
    async fn details(&self, events: &[EventId]) -> Result<Vec<StoredDetails>, Unavailable> {
        let events = events.to_vec();
        self.read("reading the details of events", move |db| events.iter().map(|event| stored(db, event)).collect())
            .await
    }

    async fn create_event(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable> {
        let details = details.clone();
        self.write("creating an event", move |db| {
            let sql = "SELECT 1 FROM event WHERE id = ?1
                       UNION ALL SELECT 1 FROM attendee WHERE event = ?1";
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

    async fn store_deletion(&self, deleted: &DeletedEvent, _: Timestamp) -> Result<Write, Unavailable> {
        let deleted = deleted.clone();
        self.overwrite("deleting an event", move |db| {
            let record = DeletionRecord::next(&deleted);
            let record = serde_json::to_string(&record).expect("a record can always be written as JSON");
            replace(db, &deleted.event, deleted.version, &record)
        })
        .await
    }
}

/// Stores the next version of the details with their change, and shows the title in the list of events.
fn store(db: &Connection, details: &EventDetails, now: Timestamp) -> rusqlite::Result<Write> {
    let event = details.event.as_str();
    let old = stored_record(db, &details.event)?;
    let new =
        serde_json::to_string(&EventDetailsRecord::next(details)).expect("a record can always be written as JSON");
    if replace(db, &details.event, details.version, &new)? == Write::Conflict {
        return Ok(Write::Conflict);
    }
    let sql =
        "INSERT INTO event (id, title, count) VALUES (?1, ?2, 0) ON CONFLICT DO UPDATE SET title = excluded.title";
    db.prepare_cached(sql)?.execute((event, details.content.title.as_str()))?;
    change_feed::record_images(db, (event, DETAILS), old, Some(new), now)?;
    Ok(Write::Stored)
}

/// Stores a record with the version after `version`, if `version` is stored.
fn replace(db: &Connection, event: &EventId, version: u64, record: &str) -> rusqlite::Result<Write> {
    let event = event.as_str();
    let sql = "SELECT version FROM event_details WHERE event = ?1";
    let stored_version: u64 = query_optional(db, sql, [event], |row| row.get(0))?.unwrap_or(0);
    if stored_version != version {
        return Ok(Write::Conflict);
    }
    db.prepare_cached("INSERT OR REPLACE INTO event_details (event, version, record) VALUES (?1, ?2, ?3)")?
        .execute((event, version + 1, record))?;
    Ok(Write::Stored)
}

/// Reads what is stored about an event.
pub fn stored(db: &Connection, event: &EventId) -> rusqlite::Result<StoredDetails> {
    Ok(parse(event, stored_record(db, event)?))
}

fn stored_record(db: &Connection, event: &EventId) -> rusqlite::Result<Option<String>> {
    query_optional(db, "SELECT record FROM event_details WHERE event = ?1", [event.as_str()], |row| row.get(0))
}

/// Reads the details in an image of the change feed. Returns `None` if there are none. The error says what is wrong,
/// without the values in the image.
pub fn from_image(event: &EventId, image: Option<String>) -> Result<Option<EventDetails>, String> {
    match parse(event, image) {
        StoredDetails::Some(details) => Ok(Some(Arc::unwrap_or_clone(details))),
        StoredDetails::None | StoredDetails::Deleted(_) => Ok(None),
        StoredDetails::Damaged(cause) => Err(cause),
    }
}

fn parse(event: &EventId, record: Option<String>) -> StoredDetails {
    let Some(record) = record else { return StoredDetails::None };
    let parsed = serde_json::from_str(&record).and_then(|fields: Map<String, Value>| {
        let is_deletion = DeletionRecord::is_in(|name| fields.contains_key(name));
        let fields = Value::Object(fields);
        Ok(if is_deletion {
            StoredDetails::Deleted(Arc::new(DeletionRecord::deserialize(fields)?.into_deleted(event.clone())))
        } else {
            let details = EventDetailsRecord::deserialize(fields)?.into_details(event.clone());
            details.map_or_else(StoredDetails::Damaged, |details| StoredDetails::Some(Arc::new(details)))
        })
    });
    parsed.unwrap_or_else(|error| StoredDetails::Damaged(describe_damage(&error)))
}
