//! The seats, one row each. They change in the same transaction as the digest of their event and the outbox.

use std::ops::Range;

use async_trait::async_trait;
use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use crate::adapters::sqlite::digests::DigestRow;
use crate::adapters::sqlite::roster::BatchError;
use crate::adapters::sqlite::{Sqlite, outbox, query_optional, roster, stored_time};
use crate::domain::attendee_name::NameKey;
use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::outbox_message::OutboxMessage;
use crate::domain::seat::{Party, Seat, SeatChange};
use crate::domain::seats::{EventSeats, SeatCounts};
use crate::domain::signup::{AttendeeKey, SignupId};
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::describe_damage;
use crate::ports::{PartyPage, Seats, StoredParty, Unavailable, Write};

const READING: &str = "reading the seats";

/// The columns of a seat.
const SEAT: &str = "event, name, owner, since, party, standing, number";

#[async_trait]
impl Seats for Sqlite {
    async fn seats(&self, attendees: &[AttendeeKey]) -> Result<Vec<Option<Seat>>, Unavailable> {
        let attendees = attendees.to_vec();
        self.read(READING, move |db| {
            let found = attendees.iter().map(|attendee| Ok(undamaged(find(db, attendee))?.ok().flatten()));
            found.collect()
        })
        .await
    }

    async fn seats_between(&self, event: &EventId, first: &NameKey, last: &NameKey) -> Result<Vec<Seat>, Unavailable> {
        let (event, first, last) = (event.clone(), first.as_str().to_owned(), last.as_str().to_owned());
        self.read(READING, move |db| {
            let sql = format!("SELECT {SEAT} FROM seat WHERE event = ?1 AND name BETWEEN ?2 AND ?3 ORDER BY name");
            let mut statement = db.prepare_cached(&sql)?;
            let rows = statement.query_map((event.as_str(), first, last), |row| undamaged(read(row)))?;
            // A damaged seat affects no other.
            let seats: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
            Ok(seats.into_iter().filter_map(Result::ok).collect())
        })
        .await
    }

    async fn parties(&self, event: &EventId, names: &[NameKey]) -> Result<Vec<Party>, Unavailable> {
        let (event, names) = (event.clone(), names.to_vec());
        self.read(READING, move |db| {
            let db = db.unchecked_transaction()?;
            let stored = stored_parties(&db, &event, names)?;
            Ok(stored.into_iter().filter_map(StoredParty::undamaged).collect())
        })
        .await
    }

    async fn first_waiting(&self, event: &EventId, size: u8, limit: usize) -> Result<Vec<Party>, Unavailable> {
        let event = event.clone();
        self.read(READING, move |db| {
            let db = db.unchecked_transaction()?;
            let sql = "SELECT name FROM seat WHERE event = ?1 AND party = ?2 AND standing = 'waiting' ORDER BY number";
            let mut statement = db.prepare_cached(sql)?;
            let mut names = statement.query((event.as_str(), size))?;
            let mut found = Vec::new();
            while found.len() < limit
                && let Some(row) = names.next()?
            {
                let key = AttendeeKey { event: event.clone(), name: NameKey::from_stored(row.get(0)?) };
                found.extend(stored_party(&db, key)?.undamaged());
            }
            Ok(found)
        })
        .await
    }

    async fn parties_after(
        &self,
        event: &EventId,
        after: Option<&NameKey>,
        limit: usize,
    ) -> Result<PartyPage, Unavailable> {
        let event = event.clone();
        let after = after.map_or_else(String::new, |name| name.as_str().to_owned());
        self.read(READING, move |db| {
            let db = db.unchecked_transaction()?;
            let sql = "SELECT name FROM attendee WHERE event = ?1 AND name > ?2 AND status = 'in'
                       UNION SELECT name FROM seat WHERE event = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
            let mut statement = db.prepare_cached(sql)?;
            let names =
                statement.query_map((event.as_str(), after, limit), |row| row.get(0).map(NameKey::from_stored))?;
            let names: Vec<NameKey> = names.collect::<rusqlite::Result<_>>()?;
            let next = names.last().filter(|_| names.len() == limit).cloned();
            Ok(PartyPage::of(stored_parties(&db, &event, names)?, next))
        })
        .await
    }

    async fn waiting_numbers(&self, event: &EventId) -> Result<Vec<u64>, Unavailable> {
        let event = event.clone();
        self.read(READING, move |db| {
            let sql = "SELECT number FROM seat WHERE event = ?1 AND standing = 'waiting' ORDER BY number";
            db.prepare_cached(sql)?.query_map([event.as_str()], |row| row.get(0))?.collect()
        })
        .await
    }

    async fn count_waiting(&self, event: &EventId, _: &[u8], numbers: Range<u64>) -> Result<u64, Unavailable> {
        let event = event.clone();
        self.read(READING, move |db| {
            let sql = "SELECT count(*) FROM seat
                       WHERE event = ?1 AND standing = 'waiting' AND number >= ?2 AND number < ?3";
            db.prepare_cached(sql)?.query_row((event.as_str(), numbers.start, numbers.end), |row| row.get(0))
        })
        .await
    }

    async fn commit(&self, digest: &Digest, changes: &[SeatChange], now: Timestamp) -> Result<Write, Unavailable> {
        let (digest, changes) = (DigestRow::next(digest), changes.to_vec());
        self.write("storing seats", move |db| {
            let stored = digest.write(db)?;
            if stored == Write::Stored {
                for change in &changes {
                    write(db, change)?;
                    if let Some(message) = OutboxMessage::after_seat(change) {
                        outbox::insert(db, &message, now)?;
                    }
                }
            }
            Ok(stored)
        })
        .await
    }

    async fn delete_damaged_seat(&self, attendee: &AttendeeKey) -> Result<(), Unavailable> {
        let key = attendee.clone();
        let sql = "DELETE FROM seat WHERE event = ?1 AND name = ?2";
        self.write("deleting a seat", move |db| db.execute(sql, (key.event.as_str(), key.name.as_str())).map(drop))
            .await
    }

    async fn summary(&self, event: &EventId) -> Result<Option<EventSeats>, Unavailable> {
        let event = event.clone();
        let json = self.read(READING, move |db| {
            let sql = "SELECT record -> '$.seats' FROM digest WHERE event = ?1 AND json_valid(record)";
            query_optional(db, sql, [event.as_str()], |row| row.get::<_, Option<String>>(0))
        });
        let Some(json) = json.await?.flatten() else { return Ok(None) };
        let seats = serde_json::from_str(&json);
        seats.map(Some).map_err(|error| Unavailable { doing: READING, cause: describe_damage(&error) })
    }
}

/// A column with the seats in the digest of the event `id`.
pub const IN_DIGEST: &str = "(SELECT record -> '$.seats' FROM digest WHERE event = id AND json_valid(record))";

/// Reads the column [`IN_DIGEST`]. Damaged ones are left out, because the rest of the row can be shown.
pub fn counts(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<SeatCounts>> {
    let json: Option<String> = row.get(column)?;
    let seats: Option<EventSeats> = json.and_then(|json| serde_json::from_str(&json).ok());
    Ok(seats.and_then(|seats| seats.complete_counts()))
}

fn find(db: &Connection, attendee: &AttendeeKey) -> rusqlite::Result<Option<Seat>> {
    let sql = format!("SELECT {SEAT} FROM seat WHERE event = ?1 AND name = ?2");
    query_optional(db, &sql, (attendee.event.as_str(), attendee.name.as_str()), read)
}

/// Reads attendees with their seats.
fn stored_parties(db: &Connection, event: &EventId, names: Vec<NameKey>) -> rusqlite::Result<Vec<StoredParty>> {
    names.into_iter().map(|name| stored_party(db, AttendeeKey { event: event.clone(), name })).collect()
}

fn stored_party(db: &Connection, key: AttendeeKey) -> rusqlite::Result<StoredParty> {
    let attendee = undamaged(roster::find_exact(db, &key))?;
    Ok(StoredParty { attendee, seat: undamaged(find(db, &key))?, key })
}

/// Tells a damaged row from a transaction that failed.
fn undamaged<T>(found: rusqlite::Result<T>) -> rusqlite::Result<Result<T, String>> {
    match found.map_err(BatchError::from) {
        Ok(found) => Ok(Ok(found)),
        Err(BatchError::Damaged(error)) => Ok(Err(describe_damage(&error))),
        Err(BatchError::Transaction(error)) => Err(error),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Seat> {
    let (event, name, owner): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let standing: String = row.get(5)?;
    Ok(Seat {
        attendee: AttendeeKey { event: EventId::from_stored(event), name: NameKey::from_stored(name) },
        owner: SignupId::from_stored(owner),
        since: stored_time(row.get(3)?)?,
        party: row.get(4)?,
        standing: standing
            .parse()
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(5, Type::Text, Box::new(error)))?,
        number: row.get(6)?,
    })
}

fn write(db: &Connection, change: &SeatChange) -> rusqlite::Result<()> {
    match (&change.old, &change.new) {
        (_, Some(seat)) => {
            let sql = format!("INSERT OR REPLACE INTO seat ({SEAT}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
            let (event, name) = (seat.attendee.event.as_str(), seat.attendee.name.as_str());
            let (owner, since, standing) = (seat.owner.as_str(), seat.since.as_millis(), seat.standing.as_str());
            db.prepare_cached(&sql)?.execute((event, name, owner, since, seat.party, standing, seat.number)).map(drop)
        }
        (Some(seat), None) => {
            let row = (seat.attendee.event.as_str(), seat.attendee.name.as_str());
            db.prepare_cached("DELETE FROM seat WHERE event = ?1 AND name = ?2")?.execute(row).map(drop)
        }
        (None, None) => Ok(()),
    }
}
