//! When each event is over, one row each. A row whose event no longer exists is deleted when its contacts would be.

use async_trait::async_trait;
use rusqlite::Connection;

use crate::adapters::sqlite::seats::IN_DIGEST;
use crate::adapters::sqlite::{Sqlite, event_details, seats, stored_time};
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Calendar, CalendarEntry, CalendarPage, CalendarPosition, EventSummary, Unavailable};

const READING: &str = "reading the calendar";

#[async_trait]
impl Calendar for Sqlite {
    async fn set_over_at(&self, event: &EventId, over_at: Timestamp) -> Result<(), Unavailable> {
        let event = event.clone();
        self.write("writing to the calendar", move |db| set_over_at(db, &event, over_at)).await
    }

    async fn upcoming(
        &self,
        now: Timestamp,
        after: Option<&CalendarPosition>,
        limit: usize,
    ) -> Result<CalendarPage, Unavailable> {
        let (over_at, event) = start(after, now.as_millis());
        let sql = format!(
            "SELECT over_at, id, title, count, {IN_DIGEST} FROM calendar JOIN event ON id = event
                   WHERE (over_at, event) > (?1, ?2) AND over_at > ?3 ORDER BY over_at, event LIMIT ?4"
        );
        self.read(READING, move |db| page(db, &sql, (over_at, event, now.as_millis(), limit), limit)).await
    }

    async fn past(
        &self,
        now: Timestamp,
        after: Option<&CalendarPosition>,
        limit: usize,
    ) -> Result<CalendarPage, Unavailable> {
        let (over_at, event) = start(after, now.as_millis().saturating_add(1));
        let sql = format!(
            "SELECT over_at, id, title, count, {IN_DIGEST} FROM calendar JOIN event ON id = event
                   WHERE (over_at, event) < (?1, ?2) AND over_at <= ?3 ORDER BY over_at DESC, event DESC LIMIT ?4"
        );
        self.read(READING, move |db| page(db, &sql, (over_at, event, now.as_millis(), limit), limit)).await
    }

    async fn with_contacts(&self, until: Timestamp, limit: usize) -> Result<Vec<CalendarPosition>, Unavailable> {
        self.read(READING, move |db| {
            let sql = "SELECT over_at, event FROM calendar WHERE contacts_deleted = 0 AND over_at <= ?1
                       ORDER BY over_at LIMIT ?2";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map((until.as_millis(), limit), |row| {
                Ok(CalendarPosition { over_at: stored_time(row.get(0)?)?, event: EventId::from_stored(row.get(1)?) })
            })?;
            rows.collect()
        })
        .await
    }

    async fn set_contacts_deleted(&self, over: &CalendarPosition, _: Timestamp) -> Result<(), Unavailable> {
        let CalendarPosition { over_at, event } = over.clone();
        self.write("writing to the calendar", move |db| {
            let row = (event.as_str(), over_at.as_millis());
            db.prepare_cached("UPDATE calendar SET contacts_deleted = 1 WHERE event = ?1 AND over_at = ?2")?
                .execute(row)?;
            db.prepare_cached(
                "DELETE FROM calendar WHERE event = ?1 AND over_at = ?2
                 AND NOT EXISTS (SELECT 1 FROM event WHERE id = ?1)",
            )?
            .execute(row)?;
            Ok(())
        })
        .await
    }
}

/// Returns the position after which a page begins. The first page begins at the time `first`, in milliseconds.
fn start(after: Option<&CalendarPosition>, first: i64) -> (i64, String) {
    after.map_or_else(|| (first, String::new()), |after| (after.over_at.as_millis(), after.event.to_string()))
}

fn page(db: &Connection, sql: &str, params: impl rusqlite::Params, limit: usize) -> rusqlite::Result<CalendarPage> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| {
        let (id, title, count) = (EventId::from_stored(row.get(1)?), row.get(2)?, row.get(3)?);
        let event = EventSummary { id, title, count, seats: seats::counts(row, 4)? };
        Ok(CalendarEntry { event, over_at: stored_time(row.get(0)?)? })
    })?;
    let entries: Vec<CalendarEntry> = rows.collect::<Result<_, _>>()?;
    let last = entries.last().filter(|_| entries.len() == limit);
    let next = last.map(|last| CalendarPosition { over_at: last.over_at, event: last.event.id.clone() });
    Ok(CalendarPage { entries, next })
}

fn set_over_at(db: &Connection, event: &EventId, over_at: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO calendar (event, over_at) VALUES (?1, ?2)")?
        .execute((event.as_str(), over_at.as_millis()))?;
    Ok(())
}

/// Enters the events of a database that was written before there was a calendar.
pub fn enter_events(db: &Connection) -> rusqlite::Result<()> {
    let now = Timestamp::now();
    let events: Vec<String> =
        db.prepare("SELECT id FROM event")?.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
    for event in events.into_iter().map(EventId::from_stored) {
        // Damaged details are read again when the event changes.
        if let Some(over_at) = event_details::stored(db, &event)?.over_at(now) {
            set_over_at(db, &event, over_at)?;
        }
    }
    Ok(())
}
