//! What households with an Echo usually say.

use async_trait::async_trait;
use rusqlite::Connection;

use crate::adapters::sqlite::{Sqlite, query_optional};
use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::household::UserId;
use crate::ports::{Households, Unavailable};

#[async_trait]
impl Households for Sqlite {
    async fn usual_name(&self, user: &UserId) -> Result<Option<AttendeeName>, Unavailable> {
        let user = user.clone();
        self.read("reading what a household usually says", move |db| {
            query_optional(db, "SELECT name, key FROM household WHERE user = ?1", [user.as_str()], |row| {
                Ok(AttendeeName::from_stored(row.get(0)?, row.get(1)?))
            })
        })
        .await
    }

    async fn remember(&self, user: &UserId, name: &AttendeeName) -> Result<(), Unavailable> {
        let (user, name) = (user.clone(), name.clone());
        self.write("remembering what a household says", move |db| {
            let sql = "INSERT OR REPLACE INTO household (user, name, key) VALUES (?1, ?2, ?3)";
            db.prepare_cached(sql)?.execute((user.as_str(), name.as_str(), name.key().as_str()))?;
            Ok(())
        })
        .await
    }
}

/// Forgets a name that households usually say; how many did.
pub fn forget(db: &Connection, name: &NameKey) -> rusqlite::Result<usize> {
    db.prepare_cached("DELETE FROM household WHERE key = ?1")?.execute([name.as_str()])
}
