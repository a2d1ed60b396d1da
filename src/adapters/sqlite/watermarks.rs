//! The watermarks, one row for each event and recipient.

use async_trait::async_trait;
use rusqlite::Connection;

use crate::adapters::sqlite::{Sqlite, query_optional, stored_time};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Claimed, LastAttempt, Unavailable, WatermarkClaim, WatermarkKey, Watermarks};

const CLAIMING: &str = "claiming a watermark";
const STORING: &str = "storing a watermark";

#[async_trait]
impl Watermarks for Sqlite {
    async fn claim(&self, claim: &WatermarkClaim, now: Timestamp) -> Result<Claimed, Unavailable> {
        let claim = claim.clone();
        self.write(CLAIMING, move |db| take(db, &claim, now)).await
    }

    async fn advance(&self, claim: &WatermarkClaim, told_until: Timestamp) -> Result<(), Unavailable> {
        let claim = claim.clone();
        self.write(STORING, move |db| {
            let sql = "UPDATE watermark SET told_until = ?4, holder = NULL, claimed_until = NULL
                       WHERE event = ?1 AND recipient = ?2 AND holder = ?3";
            let (event, recipient) = row(&claim.key);
            db.prepare_cached(sql)?.execute((event, recipient, holder(&claim), told_until.as_millis())).map(drop)
        })
        .await
    }

    async fn release(
        &self,
        claim: &WatermarkClaim,
        last_attempt: LastAttempt,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let claim = claim.clone();
        self.write(STORING, move |db| {
            let (event, recipient) = row(&claim.key);
            let claimed = "WHERE event = ?1 AND recipient = ?2 AND holder = ?3";
            let key = (event, recipient, holder(&claim));
            if last_attempt == LastAttempt::Unresolved {
                // The claim has ended, but is not forgotten.
                let sql = format!("UPDATE watermark SET claimed_until = min(claimed_until, ?4) {claimed}");
                return db.prepare_cached(&sql)?.execute((key.0, key.1, key.2, now.as_millis())).map(drop);
            }
            let delete = format!("DELETE FROM watermark {claimed} AND told_until IS NULL");
            db.prepare_cached(&delete)?.execute(key)?;
            let update = format!("UPDATE watermark SET holder = NULL, claimed_until = NULL {claimed}");
            db.prepare_cached(&update)?.execute(key).map(drop)
        })
        .await
    }
}

impl Sqlite {
    /// Ends all claims on watermarks. Their workers have stopped, because only this process uses the database. It is not known
    /// whether they told their recipients.
    pub async fn end_watermark_claims(&self, now: Timestamp) -> Result<(), Unavailable> {
        let sql = "UPDATE watermark SET claimed_until = min(claimed_until, ?1) WHERE claimed_until IS NOT NULL";
        self.write(STORING, move |db| db.execute(sql, [now.as_millis()]).map(drop)).await
    }
}

fn take(db: &Connection, claim: &WatermarkClaim, now: Timestamp) -> rusqlite::Result<Claimed> {
    let (event, recipient) = row(&claim.key);
    let sql = "SELECT told_until, holder, claimed_until FROM watermark WHERE event = ?1 AND recipient = ?2";
    let stored = query_optional(db, sql, (event, recipient), |row| {
        let told_until: Option<i64> = row.get(0)?;
        let (holder, claimed_until): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
        Ok((told_until.map(stored_time).transpose()?, holder, claimed_until))
    })?;
    let (told_until, earlier_holder, claimed_until) = stored.unwrap_or_default();
    let is_own = earlier_holder == Some(holder(claim));
    if !is_own && claimed_until.is_some_and(|until| until > now.as_millis()) {
        return Ok(Claimed::Held);
    }
    let sql = "INSERT INTO watermark (event, recipient, holder, claimed_until) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO UPDATE SET holder = excluded.holder, claimed_until = excluded.claimed_until";
    db.prepare_cached(sql)?.execute((event, recipient, holder(claim), claim.ends_at.as_millis()))?;
    Ok(Claimed::Granted { told_until, is_in_doubt: earlier_holder.is_some() && !is_own })
}

fn row(key: &WatermarkKey) -> (&str, &str) {
    (key.event.as_str(), key.recipient.as_str())
}

/// SQLite stores signed integers.
fn holder(claim: &WatermarkClaim) -> i64 {
    claim.holder.cast_signed()
}
