//! The opt-in of each contact, and the budgets.

use async_trait::async_trait;
use rusqlite::types::Type;
use rusqlite::{Row, params};

use crate::adapters::sqlite::{Sqlite, query_optional};
use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::OptIn;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::opt_in::OptInRecord;
use crate::ports::{Budgets, Contacts, Deletion, Spending, Unavailable, Write};

#[async_trait]
impl Contacts for Sqlite {
    async fn opt_in(&self, contact: &ContactId) -> Result<Option<OptIn>, Unavailable> {
        let contact = contact.clone();
        self.read("reading an opt-in", move |db| {
            let sql = "SELECT state, asked_at, scope, registration FROM contact WHERE id = ?1";
            query_optional(db, sql, [contact.as_str()], read)
        })
        .await
    }

    async fn set_opt_in(&self, contact: &ContactId, expected: Option<OptIn>, new: OptIn) -> Result<Write, Unavailable> {
        let contact = contact.clone();
        self.write("storing an opt-in", move |db| {
            let OptInRecord { state, asked_at, scope, registration } = new.into();
            let Some(expected) = expected else {
                let sql = "INSERT OR IGNORE INTO contact (id, state, asked_at, scope, registration)
                           VALUES (?1, ?2, ?3, ?4, ?5)";
                let inserted =
                    db.prepare_cached(sql)?.execute((contact.as_str(), state, asked_at, scope, registration))?;
                return Ok(Write::of(inserted > 0));
            };
            let expected = OptInRecord::from(expected);
            let sql = "UPDATE contact SET state = ?2, asked_at = ?3, scope = ?4, registration = ?5
                       WHERE id = ?1 AND state = ?6 AND asked_at IS ?7 AND scope IS ?8 AND registration IS ?9";
            let row = params![
                contact.as_str(),
                state,
                asked_at,
                scope,
                registration,
                expected.state,
                expected.asked_at,
                expected.scope,
                expected.registration,
            ];
            Ok(Write::of(db.prepare_cached(sql)?.execute(row)? > 0))
        })
        .await
    }

    async fn delete_opt_in(&self, contact: &ContactId) -> Result<Deletion, Unavailable> {
        let contact = contact.clone();
        self.write("deleting an opt-in", move |db| {
            let deleted = db.prepare_cached("DELETE FROM contact WHERE id = ?1")?.execute([contact.as_str()])?;
            Ok(Deletion::of(deleted > 0))
        })
        .await
    }
}

#[async_trait]
impl Budgets for Sqlite {
    async fn spend(&self, budget: &str, limit: u64, ends_at: Timestamp) -> Result<Spending, Unavailable> {
        let (budget, limit) = (budget.to_owned(), i64::try_from(limit).unwrap_or(i64::MAX));
        self.write("spending from a budget", move |db| {
            let sql = "INSERT INTO budget (name, spent, ends_at) SELECT ?1, 1, ?3 WHERE ?2 > 0
                       ON CONFLICT DO UPDATE SET spent = spent + 1 WHERE spent < ?2";
            let changed_rows = db.prepare_cached(sql)?.execute((&budget, limit, ends_at.as_millis()))?;
            Ok(if changed_rows > 0 { Spending::Granted } else { Spending::Exhausted })
        })
        .await
    }

    async fn refund(&self, budget: &str) -> Result<(), Unavailable> {
        let budget = budget.to_owned();
        self.write("refunding a budget", move |db| {
            db.prepare_cached("UPDATE budget SET spent = spent - 1 WHERE name = ?1 AND spent > 0")?
                .execute([&budget])
                .map(drop)
        })
        .await
    }

    async fn spent(&self, budget: &str) -> Result<u64, Unavailable> {
        let budget = budget.to_owned();
        self.read("reading a budget", move |db| {
            let spent = query_optional(db, "SELECT spent FROM budget WHERE name = ?1", [&budget], |row| row.get(0))?;
            Ok(spent.unwrap_or(0))
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<OptIn> {
    let record =
        OptInRecord { state: row.get(0)?, asked_at: row.get(1)?, scope: row.get(2)?, registration: row.get(3)? };
    let damaged = || rusqlite::Error::FromSqlConversionFailure(0, Type::Text, "unknown opt-in state".into());
    record.parse().ok_or_else(damaged)
}
