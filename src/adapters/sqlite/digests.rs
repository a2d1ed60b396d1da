//! The digests, one row each. A write replaces the whole row, and is conditional on its version.

use async_trait::async_trait;
use rusqlite::Connection;

use crate::adapters::sqlite::{Sqlite, announcements, query_optional, stored_time};
use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::event_announcement::EventAnnouncement;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::describe_damage;
use crate::formats::stored::digest as record;
use crate::formats::stored::digest::DigestRecord;
use crate::ports::{DamagedRecord, Digests, ParkedEvent, ReadError, Unavailable, Write};

#[async_trait]
impl Digests for Sqlite {
    async fn digest(&self, event: &EventId) -> Result<Option<Digest>, ReadError> {
        let id = event.clone();
        let found = self.read("reading a digest", move |db| find(db, &id)).await?;
        found.map(|row| read(event, row)).transpose().map_err(ReadError::Damaged)
    }

    async fn store(&self, digest: &Digest) -> Result<Write, Unavailable> {
        let digest = DigestRow::next(digest);
        self.write("storing a digest", move |db| digest.write(db)).await
    }

    async fn store_announcing(&self, digest: &Digest, announcement: &EventAnnouncement) -> Result<Write, Unavailable> {
        let (digest, announcement) = (DigestRow::next(digest), announcement.clone());
        self.write("storing an announcement", move |db| {
            let stored = digest.write(db)?;
            if stored == Write::Stored {
                announcements::write(db, &announcement)?;
            }
            Ok(stored)
        })
        .await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable> {
        self.read("reading the due digests", move |db| {
            let sql = "SELECT event, due_at FROM digest WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map((now.as_millis(), limit), |row| {
                Ok((EventId::from_stored(row.get(0)?), stored_time(row.get(1)?)?))
            })?;
            rows.collect()
        })
        .await
    }

    async fn park(&self, parked: &ParkedEvent) -> Result<(), Unavailable> {
        let ParkedEvent { event, damaged, cause, parked_at } = parked.clone();
        self.write("parking an event", move |db| {
            let sql = "INSERT OR REPLACE INTO parked_event (event, cause, parked_at) VALUES (?1, ?2, ?3)";
            db.prepare_cached(sql)?.execute((event.as_str(), &cause, parked_at.as_millis()))?;
            if damaged == DamagedRecord::Digest {
                db.prepare_cached("UPDATE digest SET due_at = NULL WHERE event = ?1")?.execute([event.as_str()])?;
            }
            Ok(())
        })
        .await
    }

    async fn unpark(&self, event: &EventId) -> Result<(), Unavailable> {
        let event = event.clone();
        let sql = "DELETE FROM parked_event WHERE event = ?1";
        self.write("unparking an event", move |db| db.execute(sql, [event.as_str()]).map(drop)).await
    }

    async fn replace_digest(&self, digest: &Digest) -> Result<(), Unavailable> {
        let row = DigestRow::next(digest);
        self.write("replacing a digest", move |db| row.replace(db)).await
    }
}

/// The stored record and hashes of a digest.
type StoredDigest = (Vec<u8>, Vec<u8>);

/// The columns of a digest's next version.
pub struct DigestRow {
    event: EventId,
    due_at: Option<i64>,
    expires_at: Option<i64>,
    version: u64,
    json: String,
    seen: Vec<u8>,
}

impl DigestRow {
    pub fn next(digest: &Digest) -> Self {
        let json = serde_json::to_string(&DigestRecord::next(digest)).expect("a record can always be written as JSON");
        let [due_at, expires_at] = [digest.due_at(), digest.expires_at].map(|at| at.map(Timestamp::as_millis));
        let seen = record::change_hashes(digest);
        Self { event: digest.event.clone(), due_at, expires_at, version: digest.version + 1, json, seen }
    }

    /// Writes the row, whatever is stored.
    fn replace(&self, db: &Connection) -> rusqlite::Result<()> {
        let row = (self.event.as_str(), self.due_at, self.expires_at, self.version, &self.json, &self.seen);
        let sql = "INSERT OR REPLACE INTO digest (event, due_at, expires_at, version, record, seen)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        db.prepare_cached(sql)?.execute(row).map(drop)
    }

    /// Writes the row if the version before it is stored.
    pub fn write(&self, db: &Connection) -> rusqlite::Result<Write> {
        let row = (self.event.as_str(), self.due_at, self.expires_at, self.version, &self.json, &self.seen);
        let sql = if self.version == 1 {
            "INSERT OR IGNORE INTO digest (event, due_at, expires_at, version, record, seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        } else {
            "UPDATE digest SET due_at = ?2, expires_at = ?3, version = ?4, record = ?5, seen = ?6
             WHERE event = ?1 AND version = ?4 - 1"
        };
        Ok(Write::of(db.prepare_cached(sql)?.execute(row)? > 0))
    }
}

/// Finds the digest of an event.
pub fn find(db: &Connection, event: &EventId) -> rusqlite::Result<Option<StoredDigest>> {
    let sql = "SELECT CAST(record AS BLOB), seen FROM digest WHERE event = ?1";
    query_optional(db, sql, [event.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Reads a digest. The error says what is damaged.
pub fn read(event: &EventId, (json, seen): StoredDigest) -> Result<Digest, String> {
    let record: DigestRecord = serde_json::from_slice(&json).map_err(|error| describe_damage(&error))?;
    Ok(record.into_digest(event.clone(), &seen))
}

impl Sqlite {
    /// Ends all leases. Their workers have stopped, because only this process uses the database.
    pub async fn end_leases(&self, now: Timestamp) -> Result<(), Unavailable> {
        let leased = self.read("reading the leases of digests", |db| {
            let sql =
                "SELECT event FROM digest WHERE json_valid(record) AND json_extract(record, '$.lease') IS NOT NULL";
            let events: Vec<String> = db.prepare(sql)?.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(events)
        });
        for event in leased.await? {
            match self.digest(&EventId::from_stored(event)).await {
                Ok(Some(mut digest)) => {
                    digest.end_lease(now);
                    // No other worker runs yet, so there is no conflict.
                    let _ = self.store(&digest).await?;
                }
                // A damaged digest is parked when it is due.
                Ok(None) | Err(ReadError::Damaged(_)) => {}
                Err(ReadError::Unavailable(unavailable)) => return Err(unavailable),
            }
        }
        Ok(())
    }
}
