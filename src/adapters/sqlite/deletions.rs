//! Deletes the rows that belong to a deleted event. Deleted data is overwritten in the file.

use async_trait::async_trait;
use rusqlite::Connection;

use crate::adapters::sqlite::{Sqlite, change_feed, roster};
use crate::domain::attendee::Attendee;
use crate::domain::deleted_event::DeletedEvent;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::event_details::DETAILS;
use crate::ports::{DeletedAttendees, Deletion, Deletions, Unavailable};

const DELETING: &str = "deleting an event";

#[async_trait]
impl Deletions for Sqlite {
    /// Adds one change without values to the feed. A consumer that has read earlier changes by now processes it after
    /// them, and then deletes the digest that they may have created.
    async fn delete_event_state(&self, event: &EventId, now: Timestamp) -> Result<(), Unavailable> {
        let event = event.clone();
        self.overwrite(DELETING, move |db| {
            for (table, column) in [
                ("digest", "event"),
                ("announcement", "event"),
                ("parked_event", "event"),
                ("calendar", "event"),
                ("outbox", "event"),
                ("watermark", "event"),
                ("seat", "event"),
                ("event", "id"),
                ("change", "event"),
            ] {
                db.execute(&format!("DELETE FROM {table} WHERE {column} = ?1"), [event.as_str()])?;
            }
            change_feed::record_images(db, (event.as_str(), DETAILS), None, None, now)
        })
        .await
    }

    async fn delete_digest_without_attendees(&self, event: &EventId) -> Result<(), Unavailable> {
        let event = event.clone();
        self.overwrite(DELETING, move |db| {
            for table in ["digest", "announcement", "watermark", "seat"] {
                let sql = format!(
                    "DELETE FROM {table} WHERE event = ?1 AND NOT EXISTS (SELECT 1 FROM attendee WHERE event = ?1)"
                );
                db.execute(&sql, [event.as_str()])?;
            }
            Ok(())
        })
        .await
    }

    async fn delete_attendees(&self, deleted: &DeletedEvent, limit: usize) -> Result<DeletedAttendees, Unavailable> {
        let deleted = deleted.clone();
        let page = self.overwrite(DELETING, move |db| {
            let (names, newest_left) = covered_names(db, &deleted, limit)?;
            for table in ["attendee", "inbox"] {
                let mut delete = db.prepare_cached(&format!("DELETE FROM {table} WHERE event = ?1 AND name = ?2"))?;
                for name in &names {
                    delete.execute((deleted.event.as_str(), name))?;
                }
            }
            Ok(DeletedAttendees { count: names.len(), newest_left })
        });
        page.await
    }

    async fn delete_late_attendee(&self, attendee: &Attendee, now: Timestamp) -> Result<Deletion, Unavailable> {
        let attendee = attendee.clone();
        self.overwrite(DELETING, move |db| {
            let stored = roster::find(db, &attendee.key())?;
            if stored.as_ref().is_none_or(|stored| stored.newest != attendee.newest) {
                return Ok(Deletion::NotFound);
            }
            roster::store(db, stored.as_ref(), None, now)?;
            roster::delete_event_if_empty(db, attendee.event.as_str())?;
            Ok(Deletion::Deleted)
        })
        .await
    }
}

/// Returns the keys of at most `limit` attendees whom the deletion covers, and the newest request about the others that were
/// found. Also finds damaged rows.
fn covered_names(
    db: &Connection,
    deleted: &DeletedEvent,
    limit: usize,
) -> rusqlite::Result<(Vec<String>, Option<Timestamp>)> {
    let mut statement = db.prepare_cached("SELECT name, requested_at FROM attendee WHERE event = ?1 ORDER BY name")?;
    let mut rows = statement.query([deleted.event.as_str()])?;
    let (mut names, mut newest_left) = (Vec::new(), None);
    while names.len() < limit
        && let Some(row) = rows.next()?
    {
        match Timestamp::from_millis(row.get(1)?) {
            Ok(requested_at) if requested_at > deleted.deleted_at => newest_left = newest_left.max(Some(requested_at)),
            _ => names.push(row.get(0)?),
        }
    }
    Ok((names, newest_left))
}
