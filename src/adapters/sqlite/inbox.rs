//! The latest messages to each registration, one row each.

use async_trait::async_trait;

use crate::adapters::sqlite::{Sqlite, stored_time};
use crate::domain::registration::RegistrationKey;
use crate::ports::{Inbox, InboxMessage, MAX_INBOX_MESSAGES, Unavailable};

#[async_trait]
impl Inbox for Sqlite {
    async fn keep(&self, registration: &RegistrationKey, message: InboxMessage) -> Result<(), Unavailable> {
        let registration = registration.clone();
        self.write("storing a message", move |db| {
            let (event, name) = (registration.attendee.event.as_str(), registration.attendee.name.as_str());
            // A message to a registration that has ended is not stored, because nothing would ever delete it.
            let sql = "INSERT OR IGNORE INTO inbox (event, name, owner, id, at, text) SELECT ?1, ?2, ?3, ?4, ?5, ?6
                       WHERE EXISTS (SELECT 1 FROM attendee WHERE event = ?1 AND name = ?2 AND owner = ?3)";
            let row = (event, name, registration.owner.as_str(), &message.id, message.at.as_millis(), &message.text);
            if db.prepare_cached(sql)?.execute(row)? > 0 {
                let sql = "DELETE FROM inbox WHERE event = ?1 AND name = ?2 AND seq NOT IN
                           (SELECT seq FROM inbox WHERE event = ?1 AND name = ?2 AND owner = ?3
                            ORDER BY seq DESC LIMIT ?4)";
                db.prepare_cached(sql)?.execute((event, name, registration.owner.as_str(), MAX_INBOX_MESSAGES))?;
            }
            Ok(())
        })
        .await
    }

    async fn messages(&self, registration: &RegistrationKey) -> Result<Vec<InboxMessage>, Unavailable> {
        let registration = registration.clone();
        self.read("reading the messages", move |db| {
            let sql = "SELECT id, at, text FROM inbox WHERE event = ?1 AND name = ?2 AND owner = ?3 ORDER BY seq DESC";
            let mut statement = db.prepare_cached(sql)?;
            let key = (
                registration.attendee.event.as_str(),
                registration.attendee.name.as_str(),
                registration.owner.as_str(),
            );
            let rows = statement.query_map(key, |row| {
                Ok(InboxMessage { id: row.get(0)?, at: stored_time(row.get(1)?)?, text: row.get(2)? })
            })?;
            rows.collect()
        })
        .await
    }
}
