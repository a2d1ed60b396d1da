//! The announcements of events, one row each.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;

use crate::adapters::sqlite::{Sqlite, digests};
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::event_announcement::{ANNOUNCEMENT_RETENTION, EventAnnouncement};
use crate::domain::pending_changes::PendingChanges;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::View;
use crate::formats::stored::announcement::AnnouncementRecord;
use crate::formats::stored::describe_damage;
use crate::formats::stored::digest::DigestRecord;
use crate::ports::{Announcements, Unavailable};

#[async_trait]
impl Announcements for Sqlite {
    async fn latest(&self, attendee: &AttendeeKey, limit: usize) -> Result<Vec<EventAnnouncement>, Unavailable> {
        let AttendeeKey { event, name } = attendee;
        self.announcements(event, Some(name), Timestamp::EARLIEST, "DESC", limit).await
    }

    async fn after(
        &self,
        event: &EventId,
        attendee: Option<&NameKey>,
        after: Timestamp,
        limit: usize,
    ) -> Result<Vec<EventAnnouncement>, Unavailable> {
        self.announcements(event, attendee, after, "ASC", limit).await
    }
}

impl Sqlite {
    /// Reads announcements after a time, in the order of their times.
    async fn announcements(
        &self,
        event: &EventId,
        attendee: Option<&NameKey>,
        after: Timestamp,
        order: &'static str,
        limit: usize,
    ) -> Result<Vec<EventAnnouncement>, Unavailable> {
        let (event, name) = (event.clone(), attendee.map(|name| name.as_str().to_owned()));
        let after = after.max(Timestamp::now().minus(ANNOUNCEMENT_RETENTION)).as_millis();
        self.read("reading the announcements", move |db| {
            let sql = format!(
                "SELECT record FROM announcement WHERE event = ?1 AND at > ?2
                 AND (recipients IS NULL OR EXISTS (SELECT 1 FROM json_each(recipients) WHERE value = ?3))
                 ORDER BY at {order} LIMIT ?4"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let records = statement.query_map((event.as_str(), after, name, limit), |row| row.get(0))?;
            let records: Vec<String> = records.collect::<Result<_, _>>()?;
            Ok(records.iter().filter_map(|record| read(&event, record)).collect())
        })
        .await
    }
}

/// Reads an announcement. A damaged one is left out, so that it affects no other.
fn read(event: &EventId, json: &str) -> Option<EventAnnouncement> {
    match serde_json::from_str::<AnnouncementRecord>(json) {
        Ok(record) => Some(record.into_announcement(event.clone())),
        Err(error) => {
            tracing::error!(error = describe_damage(&error), "damaged announcement left out of a list");
            None
        }
    }
}

/// Stores an announcement for all attendees of its event.
pub fn write(db: &Connection, announcement: &EventAnnouncement) -> rusqlite::Result<()> {
    write_for(db, announcement, None)
}

fn write_for(db: &Connection, announcement: &EventAnnouncement, recipients: Option<&str>) -> rusqlite::Result<()> {
    let record = AnnouncementRecord::from(announcement);
    let record = serde_json::to_string(&record).expect("a record can always be written as JSON");
    let EventAnnouncement { event, at, .. } = announcement;
    let sql = "INSERT OR REPLACE INTO announcement (event, at, record, recipients) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute((event.as_str(), at.as_millis(), record, recipients)).map(drop)
}

/// Creates the table, with the announcements that are on their way.
pub fn create(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(include_str!("schema/17.sql"))?;
    let events: Vec<String> =
        db.prepare("SELECT event FROM digest")?.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
    for event in events.into_iter().map(EventId::from_stored) {
        // A damaged digest is parked when it is read next.
        if let Some(Ok(record)) = digests::find(db, &event)?.map(|(json, _)| serde_json::from_slice(&json)) {
            write_unfinished(db, &event, &record)?;
        }
    }
    Ok(())
}

/// Stores the announcements that some attendees have not got yet, for these attendees.
fn write_unfinished(db: &Connection, event: &EventId, digest: &DigestRecord) -> rusqlite::Result<()> {
    let DigestRecord { title, count, sending, late, .. } = digest;
    let (title, count, mut at) = (title.clone(), *count, Timestamp::now());
    // They count as made now, so that they are later than the sign-ups of their recipients. Each needs a time of its own.
    // The version before sent to attendees what they were allowed to see when it sent it, and that is what they may see now.
    let view = View { roster: true, count: true };
    let mut announcement = |changes: &PendingChanges| {
        at = at.plus(Duration::from_millis(1));
        EventAnnouncement {
            event: event.clone(),
            at,
            title: title.clone(),
            count,
            changes: changes.clone(),
            view,
            has_watermarks: false,
        }
    };
    for group in late {
        let names: Vec<String> = group.recipients.iter().map(|name| name.refolded().as_str().to_owned()).collect();
        let names = without_message(db, event, group.number, names)?;
        write_for(db, &announcement(&group.news), Some(&json_array(names)))?;
    }
    if let Some(sending) = sending {
        let told_to = sending.told_to.as_ref().map_or("", NameKey::as_str);
        let sql = "SELECT name FROM attendee WHERE event = ?1 AND name > ?2 AND status = 'in'";
        let mut names: Vec<String> = db
            .prepare_cached(sql)?
            .query_map((event.as_str(), told_to), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        names.extend(sending.missed.iter().map(|name| name.refolded().as_str().to_owned()));
        // Late recipients get these changes with those that they missed before.
        names.retain(|name| {
            !late.iter().any(|group| group.recipients.iter().any(|late| late.refolded().as_str() == name))
        });
        let names = without_message(db, event, sending.number, names)?;
        write_for(db, &announcement(&sending.news), Some(&json_array(names)))?;
    }
    if sending.is_some() || !late.is_empty() {
        // Says that the announcements are stored.
        let sql = "UPDATE digest SET record = json_set(record, '$.announced_at', ?2) WHERE event = ?1";
        db.execute(sql, (event.as_str(), at.as_millis()))?;
    }
    Ok(())
}

/// Returns the attendees who have no message about this announcement. Its id begins with the number of the announcement.
fn without_message(
    db: &Connection,
    event: &EventId,
    number: u64,
    mut names: Vec<String>,
) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM inbox WHERE event = ?1 AND id LIKE ?2 || '-%'";
    let with_message: HashSet<String> = db
        .prepare_cached(sql)?
        .query_map((event.as_str(), number.to_string()), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    names.retain(|name| !with_message.contains(name));
    Ok(names)
}

fn json_array(names: Vec<String>) -> String {
    serde_json::Value::from(names).to_string()
}
