//! The registered buttons, one row each.

use async_trait::async_trait;
use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use crate::adapters::sqlite::{Sqlite, query_optional};
use crate::domain::attendee_name::NameKey;
use crate::domain::button::{Button, Serial};
use crate::domain::event::EventId;
use crate::formats::stored::button::ButtonRecord;
use crate::ports::{Buttons, Deletion, Unavailable};

#[async_trait]
impl Buttons for Sqlite {
    async fn register(&self, button: Button) -> Result<(), Unavailable> {
        let record = ButtonRecord::from(&button);
        let json = serde_json::to_string(&record).expect("a record can always be written as JSON");
        self.write("registering a button", move |db| {
            let sql = "INSERT OR REPLACE INTO button (serial, event, attendee, record) VALUES (?1, ?2, ?3, ?4)";
            db.prepare_cached(sql)?.execute((button.serial.as_str(), &record.event_id, &record.attendee_key, &json))?;
            Ok(())
        })
        .await
    }

    async fn find(&self, serials: &[Serial]) -> Result<Vec<Button>, Unavailable> {
        let serials = serials.to_vec();
        self.read("reading the buttons", move |db| {
            let mut found = Vec::new();
            for serial in &serials {
                let sql = "SELECT serial, record FROM button WHERE serial = ?1";
                found.extend(query_optional(db, sql, [serial.as_str()], read)?);
            }
            Ok(found)
        })
        .await
    }

    async fn registered(&self, limit: usize, after: Option<&Serial>) -> Result<Vec<Button>, Unavailable> {
        let after = after.map(|serial| serial.as_str().to_owned()).unwrap_or_default();
        self.read("reading the buttons", move |db| {
            let sql = "SELECT serial, record FROM button WHERE serial > ?1 ORDER BY serial LIMIT ?2";
            let mut statement = db.prepare_cached(sql)?;
            statement.query_map((&after, limit), read)?.collect()
        })
        .await
    }

    async fn unregister(&self, serial: &Serial) -> Result<Deletion, Unavailable> {
        let serial = serial.clone();
        self.write("deleting a button", move |db| delete(db, &serial)).await
    }
}

pub fn delete(db: &Connection, serial: &Serial) -> rusqlite::Result<Deletion> {
    let deleted = db.prepare_cached("DELETE FROM button WHERE serial = ?1")?.execute([serial.as_str()])?;
    Ok(Deletion::of(deleted > 0))
}

/// Deletes a person's buttons, for one event or for all events. Returns the number of deleted buttons.
pub fn delete_of_person(db: &Connection, name: &NameKey, event: Option<&EventId>) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM button WHERE attendee = ?1 AND event = coalesce(?2, event)";
    db.prepare_cached(sql)?.execute((name.refolded().as_str(), event.map(EventId::as_str)))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Button> {
    let (serial, json): (String, String) = (row.get(0)?, row.get(1)?);
    let damaged = |error| rusqlite::Error::FromSqlConversionFailure(1, Type::Text, error);
    let record: ButtonRecord = serde_json::from_str(&json).map_err(|error| damaged(error.into()))?;
    record.into_button(Serial::from_stored(serial)).map_err(|error| damaged(error.into()))
}
