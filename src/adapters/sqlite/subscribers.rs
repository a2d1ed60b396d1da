//! The subscribers, which a partial index of the attendees contains.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::adapters::sqlite::Sqlite;
use crate::adapters::sqlite::attendee_row::COLUMNS;
use crate::adapters::sqlite::roster::list;
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::change::SubscriptionChange;
use crate::domain::event::EventId;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Subscribers, Unavailable};

#[async_trait]
impl Subscribers for Sqlite {
    async fn subscribers(
        &self,
        event: &EventId,
        limit: usize,
        after: Option<&NameKey>,
        _: Timestamp,
    ) -> Result<Vec<Attendee>, Unavailable> {
        let event = event.clone();
        let after = after.map_or_else(String::new, |name| name.as_str().to_owned());
        self.read("reading the subscribers", move |db| {
            let sql = format!(
                "SELECT {COLUMNS} FROM attendee INDEXED BY attendee_subscribed
                 WHERE event = ?1 AND name > ?2 AND status = 'in' AND contact IS NOT NULL AND notify = 1 ORDER BY name"
            );
            list(db, &sql, (event.as_str(), after), limit)
        })
        .await
    }

    /// The database updates its index with each write of an attendee.
    async fn update_subscribers(&self, _: BTreeMap<AttendeeKey, SubscriptionChange>) -> Result<(), Unavailable> {
        Ok(())
    }
}
