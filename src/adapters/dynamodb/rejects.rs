//! The rejected messages, one item each.

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::item::{self, Item, NAME};
use super::{EventsTable, MAX_CONCURRENT_CALLS, MAX_SORT_KEY_BYTES, REJECTS};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Deletion, RejectEntry, RejectedMessage, RejectedMessages, Unavailable};

const STORING: &str = "storing a rejected message";
const READING: &str = "reading the rejected messages";

/// The attributes of a rejected message. Times are in milliseconds.
#[derive(Serialize, Deserialize)]
struct RejectRecord {
    /// The partition key, which is [`REJECTS`] for all rejected messages.
    event: String,
    /// The original message's id.
    name: String,
    body: String,
    reason: String,
    arrived_at: i64,
    rejected_at: i64,
}

/// The attributes of a rejected message in the list.
#[derive(Deserialize)]
struct EntryRecord {
    name: String,
    reason: String,
    arrived_at: i64,
    rejected_at: i64,
}

#[async_trait]
impl RejectedMessages for EventsTable {
    async fn put(&self, rejects: Vec<RejectedMessage>) -> Result<(), Unavailable> {
        stream::iter(rejects)
            .map(|reject| self.put_reject(reject))
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_collect()
            .await
    }

    async fn list(&self, limit: usize, after: Option<&str>) -> Result<Vec<RejectedMessage>, Unavailable> {
        let query = self.client.query().consistent_read(true);
        self.query_partition(READING, query, (REJECTS, after), limit, |item| from_item(item).map(Some)).await
    }

    async fn entries(&self, limit: usize, after: Option<&str>) -> Result<Vec<RejectEntry>, Unavailable> {
        let query = self
            .client
            .query()
            .consistent_read(true)
            .projection_expression("#name, reason, arrived_at, rejected_at")
            .expression_attribute_names("#name", NAME);
        self.query_partition(READING, query, (REJECTS, after), limit, |item| entry(item).map(Some)).await
    }

    async fn get(&self, id: &str) -> Result<Option<RejectedMessage>, Unavailable> {
        if !can_be_stored(id) {
            return Ok(None);
        }
        let found = EventsTable::get(self, READING, REJECTS, id).await?;
        found.item.map(from_item).transpose()
    }

    async fn delete(&self, id: &str) -> Result<Deletion, Unavailable> {
        if !can_be_stored(id) {
            return Ok(Deletion::NotFound);
        }
        self.delete_item("deleting a rejected message", REJECTS, id).await
    }
}

impl EventsTable {
    async fn put_reject(&self, reject: RejectedMessage) -> Result<(), Unavailable> {
        let record = RejectRecord {
            event: REJECTS.to_owned(),
            name: reject.id,
            body: reject.body,
            reason: reject.reason,
            arrived_at: reject.arrived_at.as_millis(),
            rejected_at: reject.rejected_at.as_millis(),
        };
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item::write(&record)));
        // A conflict means that the message is stored already.
        let _ = self.put_if(STORING, put.condition_expression("attribute_not_exists(event)")).await?;
        Ok(())
    }
}

/// Whether a message with this id can be in the table. DynamoDB refuses calls with any other id.
fn can_be_stored(id: &str) -> bool {
    (1..=MAX_SORT_KEY_BYTES).contains(&id.len())
}

fn entry(item: Item) -> Result<RejectEntry, Unavailable> {
    let EntryRecord { name, reason, arrived_at, rejected_at } = item::read(item)?;
    Ok(RejectEntry { id: name, reason, arrived_at: time(arrived_at)?, rejected_at: time(rejected_at)? })
}

fn time(millis: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_millis(millis).map_err(item::damaged)
}

fn from_item(item: Item) -> Result<RejectedMessage, Unavailable> {
    let record: RejectRecord = item::read(item)?;
    Ok(RejectedMessage {
        id: record.name,
        body: record.body,
        reason: record.reason,
        arrived_at: time(record.arrived_at)?,
        rejected_at: time(record.rejected_at)?,
    })
}
