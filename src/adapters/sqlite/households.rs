//! For each household with an Echo, the attendee name that it usually signs up; one row per household.

use async_trait::async_trait;
use rusqlite::Connection;

use crate::adapters::sqlite::{Sqlite, query_optional};
use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::household::HouseholdId;
use crate::ports::{Households, Unavailable};

#[async_trait]
impl Households for Sqlite {
    async fn usual_name(&self, user: &HouseholdId) -> Result<Option<AttendeeName>, Unavailable> {
        let user = user.clone();
        self.read("reading a household's usual name", move |db| {
            query_optional(db, "SELECT name, key FROM household WHERE user = ?1", [user.as_str()], |row| {
                Ok(AttendeeName::from_stored(row.get(0)?, row.get(1)?))
            })
        })
        .await
    }

    async fn remember(&self, user: &HouseholdId, name: &AttendeeName) -> Result<(), Unavailable> {
        let (user, name) = (user.clone(), name.clone());
        self.write("storing a household's usual name", move |db| {
            let sql = "INSERT OR REPLACE INTO household (user, name, key) VALUES (?1, ?2, ?3)";
            db.prepare_cached(sql)?.execute((user.as_str(), name.as_str(), name.key().as_str()))?;
            Ok(())
        })
        .await
    }

    async fn with_usual_name(
        &self,
        name: &NameKey,
        limit: usize,
        after: Option<&HouseholdId>,
    ) -> Result<Vec<(HouseholdId, AttendeeName)>, Unavailable> {
        let after = after.map_or_else(String::new, |user| user.as_str().to_owned());
        let name = name.clone();
        self.read("reading the households", move |db| {
            let sql =
                "SELECT user, name, key FROM household WHERE key IN (?1, ?2) AND user > ?3 ORDER BY user LIMIT ?4";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map((name.as_str(), name.refolded().as_str(), after, limit), |row| {
                let usual_name = AttendeeName::from_stored(row.get(1)?, row.get(2)?);
                Ok((HouseholdId::from_stored(row.get(0)?), usual_name))
            })?;
            rows.collect()
        })
        .await
    }
}

/// Deletes this usual name from every household that has it. Returns the number of these households.
pub fn delete_usual_name(db: &Connection, name: &NameKey) -> rusqlite::Result<usize> {
    db.prepare_cached("DELETE FROM household WHERE key = ?1")?.execute([name.refolded().as_str()])
}
