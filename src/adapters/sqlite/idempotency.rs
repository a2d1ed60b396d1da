//! The idempotency keys that clients sent, one row each, kept for 24 hours.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Row;

use crate::adapters::sqlite::{Sqlite, query_optional, stored_time};
use crate::domain::signup::SignupId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Idempotency, IdempotentRequest, Unavailable};

/// Clients stop retrying a request long before this period ends.
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

#[async_trait]
impl Idempotency for Sqlite {
    async fn remember(&self, key: String, candidate: IdempotentRequest) -> Result<IdempotentRequest, Unavailable> {
        self.accept("storing an idempotency key", move |db| {
            let now = Timestamp::now();
            let IdempotentRequest { fingerprint, id, requested_at } = &candidate;
            db.prepare_cached(
                "INSERT INTO idempotency (key, fingerprint, signup_id, requested_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET fingerprint = ?2, signup_id = ?3, requested_at = ?4, expires_at = ?5
                 WHERE expires_at <= ?6",
            )?
            .execute((
                &key,
                fingerprint,
                id.as_str(),
                requested_at.as_millis(),
                now.plus(RETENTION).as_millis(),
                now.as_millis(),
            ))?;
            let sql = "SELECT fingerprint, signup_id, requested_at FROM idempotency WHERE key = ?1";
            db.prepare_cached(sql)?.query_row([&key], read)
        })
        .await
    }

    async fn recall(&self, key: String) -> Result<Option<IdempotentRequest>, Unavailable> {
        self.read("reading an idempotency key", move |db| {
            let sql = "SELECT fingerprint, signup_id, requested_at FROM idempotency WHERE key = ?1 AND expires_at > ?2";
            query_optional(db, sql, (&key, Timestamp::now().as_millis()), read)
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<IdempotentRequest> {
    Ok(IdempotentRequest {
        fingerprint: row.get(0)?,
        id: SignupId::from_stored(row.get(1)?),
        requested_at: stored_time(row.get(2)?)?,
    })
}
