//! Reads and writes attendees as rows of the table, and as images in the change feed.

use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use crate::domain::attendee::Attendee;
use crate::domain::channel::Channel;
use crate::formats::stored::attendee::{AttendeeRecord, Damaged, StoredContact, StoredStatus};
use crate::formats::stored::describe_damage;

pub const COLUMNS: &str = "event, name, display_name, status, requested_at, signup_id, title, since, owner, channel, \
                           contact_kind, contact, expires_at, notify, link_asked_at, \
                           guests, answer, note, language, confirmed, network";

/// Reads an attendee from a row with the columns [`COLUMNS`].
pub fn read(row: &Row<'_>) -> rusqlite::Result<Attendee> {
    let status: String = row.get(3)?;
    let kind: Option<String> = row.get(10)?;
    let expires_at: Option<i64> = row.get(12)?;
    let record = AttendeeRecord {
        event: row.get(0)?,
        name: row.get(1)?,
        display_name: row.get(2)?,
        status: if status == "in" { StoredStatus::In } else { StoredStatus::Out },
        requested_at: row.get(4)?,
        signup_id: row.get(5)?,
        title: row.get(6)?,
        since: row.get(7)?,
        owner: row.get(8)?,
        channel: row.get::<_, Option<String>>(9)?.and_then(|text| text.parse().ok()),
        contact: kind.zip(row.get(11)?).map(|(kind, address)| StoredContact::new(kind, address)),
        notify: row.get(13)?,
        link_asked_at: row.get(14)?,
        guests: row.get(15)?,
        answer: row.get(16)?,
        note: row.get(17)?,
        language: row.get(18)?,
        confirmed: row.get(19)?,
        network: row.get(20)?,
        expires_at: expires_at.map(|millis| millis / 1_000),
    };
    from_record(record)
}

pub fn write(db: &Connection, attendee: &AttendeeRecord) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT OR REPLACE INTO attendee ({COLUMNS})
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21)"
    );
    let contact = attendee.contact.as_ref().and_then(StoredContact::parts);
    db.prepare_cached(&sql)?.execute(params![
        &attendee.event,
        &attendee.name,
        &attendee.display_name,
        attendee.status.as_str(),
        attendee.requested_at,
        &attendee.signup_id,
        &attendee.title,
        attendee.since,
        &attendee.owner,
        attendee.channel.map(Channel::as_str),
        contact.map(|(kind, _)| kind),
        contact.map(|(_, address)| address),
        attendee.expires_at.map(|seconds| seconds * 1_000),
        attendee.notify,
        attendee.link_asked_at,
        attendee.guests,
        &attendee.answer,
        &attendee.note,
        &attendee.language,
        attendee.confirmed,
        attendee.network,
    ])?;
    Ok(())
}

/// Returns an attendee's image, the JSON that the change feed stores.
pub fn image(attendee: &AttendeeRecord) -> String {
    serde_json::to_string(attendee).expect("a record can always be written as JSON")
}

/// Reads an attendee from an image. The error says what is wrong, without the values in it.
pub fn from_image(image: Option<String>) -> Result<Option<Attendee>, String> {
    let Some(image) = image else { return Ok(None) };
    let record: AttendeeRecord = serde_json::from_str(&image).map_err(|error| describe_damage(&error))?;
    record.try_into().map(Some).map_err(|damaged: Damaged| damaged.to_string())
}

fn from_record(record: AttendeeRecord) -> rusqlite::Result<Attendee> {
    record
        .try_into()
        .map_err(|damaged: Damaged| rusqlite::Error::FromSqlConversionFailure(3, Type::Text, damaged.into()))
}
