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
}

/// Deletes this usual name from every household that has it. Returns the number of these households.
pub fn delete_usual_name(db: &Connection, name: &NameKey) -> rusqlite::Result<usize> {
    db.prepare_cached("DELETE FROM household WHERE key = ?1")?.execute([name.refolded().as_str()])
}
