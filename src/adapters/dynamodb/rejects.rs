//! The rejected messages, one item each.

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::item::{self, Item, NAME};
use super::{EventsTable, MAX_CONCURRENT_CALLS, MAX_SORT_KEY_BYTES, REJECTS, conditional, key, number, text};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Deletion, RejectEntry, RejectedMessage, RejectedMessages, Unavailable, Write};

/// Attempts to store a message while others store and delete messages with the same id.
const MAX_ATTEMPTS: u32 = 3;

const STORING: &str = "storing a rejected message";
const READING: &str = "reading the rejected messages";

/// The attributes of a rejected message. Times are in milliseconds.
#[derive(Serialize, Deserialize)]
struct RejectRecord {
    /// The partition key, which is [`REJECTS`] for all rejected messages.
    event: String,
    /// The id.
    name: String,
    /// Absent from items that were stored before there were counts: then it is the id.
    latest_message: Option<String>,
    /// Absent from the same items: then it is 1.
    count: Option<u64>,
    body: String,
    reason: String,
    arrived_at: i64,
    rejected_at: i64,
}

/// The attributes of a rejected message in the list.
#[derive(Deserialize)]
struct EntryRecord {
    name: String,
    count: Option<u64>,
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
            .projection_expression("#name, #count, reason, arrived_at, rejected_at")
            .expression_attribute_names("#name", NAME)
            .expression_attribute_names("#count", "count");
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
        // Somebody may delete the stored message between the two writes.
        for _ in 0..MAX_ATTEMPTS {
            let put = self.client.put_item().table_name(&self.table).set_item(Some(to_item(&reject)));
            let stored = self.put_if(STORING, put.condition_expression("attribute_not_exists(event)")).await?;
            let is_stored = stored == Write::Stored || reject.id == reject.latest_message;
            if is_stored || self.count_reject(&reject).await? == Write::Stored {
                break;
            }
        }
        Ok(())
    }

    /// Replaces the stored message with this id and counts it, unless it is the same message.
    async fn count_reject(&self, reject: &RejectedMessage) -> Result<Write, Unavailable> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(REJECTS, &reject.id)))
            .update_expression(
                "SET #count = if_not_exists(#count, :one) + :count, latest_message = :latest, body = :body, reason = :reason, \
                 arrived_at = :arrived_at, rejected_at = :rejected_at",
            )
            .condition_expression("attribute_exists(event) AND latest_message <> :latest")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":count", number(reject.count))
            .expression_attribute_values(":latest", text(&reject.latest_message))
            .expression_attribute_values(":body", text(&reject.body))
            .expression_attribute_values(":reason", text(&reject.reason))
            .expression_attribute_values(":arrived_at", number(reject.arrived_at.as_millis()))
            .expression_attribute_values(":rejected_at", number(reject.rejected_at.as_millis()));
        conditional(STORING, update.send().await)
    }
}

/// Whether a message with this id can be in the table. DynamoDB refuses calls with any other id.
fn can_be_stored(id: &str) -> bool {
    (1..=MAX_SORT_KEY_BYTES).contains(&id.len())
}

fn to_item(reject: &RejectedMessage) -> Item {
    let reject = reject.clone();
    item::write(&RejectRecord {
        event: REJECTS.to_owned(),
        name: reject.id,
        latest_message: Some(reject.latest_message),
        count: Some(reject.count),
        body: reject.body,
        reason: reject.reason,
        arrived_at: reject.arrived_at.as_millis(),
        rejected_at: reject.rejected_at.as_millis(),
    })
}

fn entry(item: Item) -> Result<RejectEntry, Unavailable> {
    let EntryRecord { name, count, reason, arrived_at, rejected_at } = item::read(item)?;
    Ok(RejectEntry {
        id: name,
        count: count.unwrap_or(1),
        reason,
        arrived_at: time(arrived_at)?,
        rejected_at: time(rejected_at)?,
    })
}

fn time(millis: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_millis(millis).map_err(item::damaged)
}

fn from_item(item: Item) -> Result<RejectedMessage, Unavailable> {
    let record: RejectRecord = item::read(item)?;
    Ok(RejectedMessage {
        latest_message: record.latest_message.unwrap_or_else(|| record.name.clone()),
        count: record.count.unwrap_or(1),
        id: record.name,
        body: record.body,
        reason: record.reason,
        arrived_at: time(record.arrived_at)?,
        rejected_at: time(record.rejected_at)?,
    })
}
