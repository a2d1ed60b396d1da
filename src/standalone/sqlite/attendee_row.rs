//! An attendee as a row of the table, and as an image in the change feed.

use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use crate::attendee::{Attendee, Status, Stay};
use crate::attendee_name::AttendeeName;
use crate::channel::Channel;
use crate::contact::Contact;
use crate::event::EventId;
use crate::signup::{SignupId, Version};
use crate::standalone::sqlite::stored_time;

pub const COLUMNS: &str = "event, name, display_name, status, requested_at, signup_id, title, since, owner, channel, \
                           contact_kind, contact, expires_at";

/// The attributes by their names in the table. Absent ones are left out of an image.
#[derive(Serialize, Deserialize)]
pub struct AttendeeRow {
    event: String,
    name: String,
    display_name: String,
    status: String,
    requested_at: i64,
    signup_id: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Channel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl AttendeeRow {
    /// Reads a row of [`COLUMNS`].
    pub fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            event: row.get(0)?,
            name: row.get(1)?,
            display_name: row.get(2)?,
            status: row.get(3)?,
            requested_at: row.get(4)?,
            signup_id: row.get(5)?,
            title: row.get(6)?,
            since: row.get(7)?,
            owner: row.get(8)?,
            channel: row.get::<_, Option<String>>(9)?.and_then(|text| Channel::parse(&text).ok()),
            contact_kind: row.get(10)?,
            contact: row.get(11)?,
            expires_at: row.get(12)?,
        })
    }

    pub fn write(&self, db: &Connection) -> rusqlite::Result<()> {
        let sql =
            format!("INSERT OR REPLACE INTO attendee ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)");
        db.prepare_cached(&sql)?.execute((
            &self.event,
            &self.name,
            &self.display_name,
            &self.status,
            self.requested_at,
            &self.signup_id,
            &self.title,
            self.since,
            &self.owner,
            self.channel.map(Channel::as_str),
            &self.contact_kind,
            &self.contact,
            self.expires_at,
        ))?;
        Ok(())
    }

    /// The attributes alone, as an image.
    pub fn image(&self) -> String {
        serde_json::to_string(self).expect("a row is plain data")
    }

    pub fn of(attendee: &Attendee) -> Self {
        let stay = attendee.stay();
        let contact = stay.and_then(|stay| stay.contact.as_ref());
        Self {
            event: attendee.event.as_str().to_owned(),
            name: attendee.name.key().as_str().to_owned(),
            display_name: attendee.name.as_str().to_owned(),
            status: if stay.is_some() { "in" } else { "out" }.to_owned(),
            requested_at: attendee.newest.requested_at.as_millis(),
            signup_id: attendee.newest.id.as_str().to_owned(),
            title: attendee.title.clone(),
            since: stay.map(|stay| stay.since.as_millis()),
            owner: stay.map(|stay| stay.owner.as_str().to_owned()),
            channel: stay.map(|stay| stay.channel),
            contact_kind: contact.map(|contact| contact.kind().to_owned()),
            contact: contact.map(|contact| contact.address().to_owned()),
            expires_at: match attendee.status {
                Status::In(_) => None,
                Status::Out { expires_at } => Some(expires_at.as_millis()),
            },
        }
    }

    /// # Errors
    /// A row that no version of the program wrote.
    pub fn into_attendee(self) -> rusqlite::Result<Attendee> {
        let status = match (self.since, self.owner, self.channel, self.expires_at) {
            (Some(since), Some(owner), Some(channel), None) => Status::In(Stay {
                since: stored_time(since)?,
                owner: SignupId::from_stored(owner),
                channel,
                contact: match (self.contact_kind, self.contact) {
                    (Some(kind), Some(address)) => Contact::from_stored(&kind, address),
                    _ => None,
                },
            }),
            (None, None, None, Some(expires_at)) => Status::Out { expires_at: stored_time(expires_at)? },
            _ => return Err(rusqlite::Error::IntegralValueOutOfRange(3, 0)),
        };
        Ok(Attendee {
            event: EventId::from_stored(self.event),
            title: self.title,
            name: AttendeeName::from_stored(self.display_name, self.name),
            newest: Version {
                requested_at: stored_time(self.requested_at)?,
                id: SignupId::from_stored(self.signup_id),
            },
            status,
        })
    }
}
