//! Rejects, each an item.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::ReturnValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::item::{self, EVENT, Item, NAME};
use super::{AT_ONCE, EventsTable, REJECTS, text};
use crate::aws::failure::unavailable;
use crate::ports::{Rejects, Unavailable};
use crate::reject::Reject;
use crate::timestamp::Timestamp;

const KEEPING: &str = "keeping a reject";
const READING: &str = "reading the rejects";

/// A reject's attributes. Times are in milliseconds.
#[derive(Serialize, Deserialize)]
struct RejectRecord {
    event: String,
    /// The original message's id.
    name: String,
    body: String,
    reason: String,
    arrived_at: i64,
    rejected_at: i64,
}

#[async_trait]
impl Rejects for EventsTable {
    async fn put(&self, rejects: Vec<Reject>) -> Result<(), Unavailable> {
        stream::iter(rejects).map(|reject| self.keep(reject)).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn list(&self, limit: usize, after: Option<&str>) -> Result<Vec<Reject>, Unavailable> {
        let mut found = Vec::new();
        let mut start = after.map(key);
        while found.len() < limit {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("event = :rejects")
                .expression_attribute_values(":rejects", text(REJECTS))
                .limit(i32::try_from(limit - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| unavailable(READING, &error))?;
            for item in page.items.unwrap_or_default() {
                found.push(from_item(item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(found)
    }

    async fn get(&self, id: &str) -> Result<Option<Reject>, Unavailable> {
        let found = EventsTable::get(self, READING, REJECTS, id).await?;
        found.item.map(from_item).transpose()
    }

    async fn delete(&self, id: &str) -> Result<bool, Unavailable> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(id)));
        let deleted = delete.return_values(ReturnValue::AllOld).send().await;
        Ok(deleted.map_err(|error| unavailable("deleting a reject", &error))?.attributes.is_some())
    }
}

impl EventsTable {
    async fn keep(&self, reject: Reject) -> Result<(), Unavailable> {
        let record = RejectRecord {
            event: REJECTS.to_owned(),
            name: reject.id,
            body: reject.body,
            reason: reject.reason,
            arrived_at: reject.arrived_at.as_millis(),
            rejected_at: reject.rejected_at.as_millis(),
        };
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item::write(&record)));
        match put.condition_expression("attribute_not_exists(event)").send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(unavailable(KEEPING, &error)),
        }
    }
}

fn key(id: &str) -> Item {
    Item::from([(EVENT.to_owned(), text(REJECTS)), (NAME.to_owned(), text(id))])
}

fn from_item(item: Item) -> Result<Reject, Unavailable> {
    let record: RejectRecord = item::read(item)?;
    let time = |millis| Timestamp::from_millis(millis).map_err(item::damaged);
    Ok(Reject {
        id: record.name,
        body: record.body,
        reason: record.reason,
        arrived_at: time(record.arrived_at)?,
        rejected_at: time(record.rejected_at)?,
    })
}
