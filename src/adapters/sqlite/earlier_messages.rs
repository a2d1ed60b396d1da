//! The messages in the table `inbox`, which earlier versions filled.

use async_trait::async_trait;

use crate::adapters::sqlite::{Sqlite, stored_time};
use crate::domain::registration::RegistrationKey;
use crate::ports::{EarlierMessage, EarlierMessages, Unavailable};

#[async_trait]
impl EarlierMessages for Sqlite {
    async fn earlier_messages(&self, registration: &RegistrationKey) -> Result<Vec<EarlierMessage>, Unavailable> {
        let RegistrationKey { attendee, owner } = registration.clone();
        self.read("reading the messages", move |db| {
            let sql = "SELECT at, text FROM inbox WHERE event = ?1 AND name = ?2 AND owner = ?3 ORDER BY seq DESC";
            let mut statement = db.prepare_cached(sql)?;
            let key = (attendee.event.as_str(), attendee.name.as_str(), owner.as_str());
            let rows = statement
                .query_map(key, |row| Ok(EarlierMessage { at: stored_time(row.get(0)?)?, text: row.get(1)? }))?;
            rows.collect()
        })
        .await
    }
}
