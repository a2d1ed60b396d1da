//! The change feed. A change is written in the same transaction as its attendee or its event's details.

use async_trait::async_trait;
use rusqlite::Connection;
use strum::{IntoStaticStr, VariantArray};

use crate::adapters::sqlite::attendee_row::{from_image, image};
use crate::adapters::sqlite::event_details;
use crate::adapters::sqlite::{Sqlite, query_optional};
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::change::{AttendeeChange, Change, DetailsChange};
use crate::domain::contact::Contact;
use crate::domain::event::EventId;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::attendee::AttendeeRecord;
use crate::formats::stored::event_details::DETAILS;
use crate::ports::{ChangeFeed, DamagedChange, Position, Unavailable};

#[async_trait]
impl ChangeFeed for Sqlite {
    async fn changes(
        &self,
        after: &Position,
        limit: usize,
    ) -> Result<Vec<(Position, Result<Change, DamagedChange>)>, Unavailable> {
        let after: i64 = after.as_str().parse().unwrap_or_default();
        self.read("reading the changes", move |db| {
            let sql = "SELECT seq, event, name, old_image, new_image FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map((after, limit), |row| {
                let event = EventId::from_stored(row.get(1)?);
                let name = NameKey::from_stored(row.get(2)?);
                let (old, new): (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
                let seq: i64 = row.get(0)?;
                Ok((Position::After(seq.to_string()), read_change(AttendeeKey { event, name }, old, new)))
            })?;
            rows.collect()
        })
        .await
    }
}

fn read_change(key: AttendeeKey, old: Option<String>, new: Option<String>) -> Result<Change, DamagedChange> {
    if key.name.as_str() == DETAILS {
        let event = key.event;
        return match (event_details::from_image(&event, old), event_details::from_image(&event, new)) {
            (Ok(old), Ok(new)) => Ok(Change::Details(DetailsChange { event, old, new })),
            (Err(cause), _) | (_, Err(cause)) => Err(DamagedChange { event, cause }),
        };
    }
    match (from_image(old), from_image(new)) {
        (Ok(old), Ok(new)) => Ok(Change::Attendee(AttendeeChange { key, old, new })),
        (Err(cause), _) | (_, Err(cause)) => Err(DamagedChange { event: key.event, cause }),
    }
}

/// A consumer of the change feed. Each consumer has its own position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
pub enum FeedConsumer {
    /// Adds the changes to the digests.
    #[strum(serialize = "fanout")]
    Digests,
    /// Sends opt-in requests to new contacts, and resends manage links on request.
    #[strum(serialize = "answers")]
    DirectMessages,
}

impl FeedConsumer {
    /// The name under which the consumer's position is stored.
    fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Sqlite {
    /// Returns the position of the last change that a consumer has processed.
    pub async fn position(&self, consumer: FeedConsumer) -> Result<Position, Unavailable> {
        self.read("reading a position in the change feed", move |db| {
            let sql = "SELECT position FROM follower WHERE name = ?1";
            let position = query_optional(db, sql, [consumer.as_str()], |row| row.get(0))?;
            Ok(position.map_or(Position::Start, Position::After))
        })
        .await
    }

    pub async fn set_position(&self, consumer: FeedConsumer, position: &Position) -> Result<(), Unavailable> {
        let position = position.as_str().to_owned();
        self.write("storing a position in the change feed", move |db| {
            let sql = "INSERT INTO follower (name, position) VALUES (?1, ?2)
                       ON CONFLICT DO UPDATE SET position = excluded.position";
            db.prepare_cached(sql)?.execute((consumer.as_str(), &position)).map(drop)
        })
        .await
    }
}

/// Adds a change of an attendee to the feed.
pub fn record(
    db: &Connection,
    key: &AttendeeKey,
    old: Option<&AttendeeRecord>,
    new: Option<&AttendeeRecord>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    record_images(db, (key.event.as_str(), key.name.as_str()), old.map(image), new.map(image), now)
}

/// Adds a change to the feed. `name` is the attendee's folded name, or [`DETAILS`].
pub fn record_images(
    db: &Connection,
    (event, name): (&str, &str),
    old: Option<String>,
    new: Option<String>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO change (made_at, event, name, old_image, new_image) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((now.as_millis(), event, name, old, new))?;
    Ok(())
}

/// Deletes the contacts, answers and notes of a removed person from the feed, for one event or for all events. The changes
/// themselves stay, so that other attendees are notified.
pub fn delete_private_values(db: &Connection, name: &NameKey, event: Option<&EventId>) -> rusqlite::Result<()> {
    let names = (name.as_str(), name.refolded());
    let condition = "name IN (?1, ?2) AND event = coalesce(?3, event)";
    delete_values(
        db,
        &["contact", "network", "answer", "note"],
        condition,
        (names.0, names.1.as_str(), event.map(EventId::as_str)),
    )
}

/// Deletes the contacts of some attendees of an event from the feed. The changes themselves stay.
pub fn delete_contacts(db: &Connection, event: &EventId, attendees: &[Attendee]) -> rusqlite::Result<()> {
    let names: Vec<&str> = attendees.iter().map(|attendee| attendee.name.key().as_str()).collect();
    let names = serde_json::to_string(&names).expect("names can always be written as JSON");
    let condition = "event = ?1 AND name IN (SELECT value FROM json_each(?2))";
    delete_values(db, &["contact", "network"], condition, (event.as_str(), names.as_str()))
}

/// Deletes values from the images of some changes. Nothing is left of a damaged image, because they cannot be found in it.
fn delete_values(
    db: &Connection,
    values: &[&str],
    condition: &str,
    params: impl rusqlite::Params + Copy,
) -> rusqlite::Result<()> {
    let paths: String = values.iter().map(|value| format!(", '$.{value}'")).collect();
    for image in ["old_image", "new_image"] {
        let sql = format!(
            "UPDATE change SET {image} = CASE WHEN json_valid({image}) THEN json_remove({image}{paths})
                                                 WHEN {image} IS NOT NULL THEN '{{}}' END
             WHERE {condition}"
        );
        db.prepare_cached(&sql)?.execute(params)?;
    }
    Ok(())
}

/// Deletes an address from the feed, wherever it is a contact, for one event or for all events. The changes themselves
/// stay, so that other attendees are notified.
pub fn delete_address(db: &Connection, contact: &Contact, event: Option<&EventId>) -> rusqlite::Result<()> {
    let path = format!("$.contact.{}", contact.kind());
    for image in ["old_image", "new_image"] {
        let stored = format!("{image} ->> ?1");
        // In SQLite, `lower` changes the case of ASCII letters only, and email addresses are ASCII.
        let is_same = match contact {
            Contact::Email(_) => format!("lower({stored}) = lower(?2)"),
            Contact::Sms(_) | Contact::Webhook(_) => format!("{stored} = ?2"),
        };
        // SQLite would stop with an error at an image that is damaged.
        let sql = format!(
            "UPDATE change SET {image} = json_remove({image}, '$.contact', '$.network')
             WHERE event = coalesce(?3, event) AND CASE WHEN json_valid({image}) THEN {is_same} END"
        );
        db.execute(&sql, (&path, contact.address(), event.map(EventId::as_str)))?;
    }
    Ok(())
}
