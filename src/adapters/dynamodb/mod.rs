//! The table `Events` on DynamoDB: partition key `event`, sort key `name`.
//!
//! The partition key of an attendee is the event's id. The partition keys of all other items begin with `#`, which is
//! not allowed at the beginning of an event id.

mod announcements;
mod buttons;
mod calendar;
mod contacts;
mod deletions;
mod digests;
mod events;
mod households;
mod idempotency;
mod item;
mod people;
mod rejects;
pub mod rekeying;
mod roster;
mod seats;
mod stored_attendee;
mod subscribers;
pub mod table;
mod watermarks;

use std::fmt;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use self::item::Item;
use crate::adapters::aws::error::unavailable;
use crate::ports::{Backend, Deletion, Unavailable, Write};

/// Partition key of all digests. The sort key is the event's id.
const DIGESTS: &str = "#digest";
/// Partition key of the calendar. The sort key is the event's id.
const CALENDAR: &str = "#calendar";
/// Partition key of all parked events. The sort key is the event's id.
const PARKED: &str = "#parked";
/// Partition key of all rejected messages. The sort key is the message's id.
const REJECTS: &str = "#reject";
/// Partition key of all idempotency keys. The sort key is the key that the client sent.
const IDEMPOTENCY_KEYS: &str = "#idempotency";

/// Maximum size of a sort key (DynamoDB quotas). A sort key is never empty.
const MAX_SORT_KEY_BYTES: usize = 1_024;

/// Maximum concurrent calls for one batch. More would not be faster, because a Lambda function has only a fraction of a
/// CPU.
const MAX_CONCURRENT_CALLS: usize = 64;

/// Maximum number of items that one `BatchGetItem` reads (DynamoDB quotas).
const MAX_BATCH_ITEMS: usize = 100;

/// Maximum number of items that one query reads: about 200 KiB of attendees, below DynamoDB's limit of 1 MiB.
const MAX_QUERY_ITEMS: usize = 1_000;

/// A client for one table.
#[derive(Debug, Clone)]
pub struct EventsTable {
    client: Client,
    table: String,
}

impl EventsTable {
    pub fn new(config: &SdkConfig, table: impl Into<String>) -> Self {
        Self { client: Client::new(config), table: table.into() }
    }

    /// Returns the ports that this table implements: all except the queue.
    #[must_use]
    pub fn backend(&self) -> Backend {
        let table = Arc::new(self.clone());
        Backend {
            roster: table.clone(),
            subscribers: table.clone(),
            seats: table.clone(),
            people: table.clone(),
            rejected: table.clone(),
            idempotency: table.clone(),
            buttons: table.clone(),
            households: table.clone(),
            events: table.clone(),
            calendar: table.clone(),
            deletions: table.clone(),
            digests: table.clone(),
            contacts: table.clone(),
            budgets: table.clone(),
            announcements: table.clone(),
            watermarks: table,
            outbox: None,
            earlier_messages: None,
        }
    }

    async fn get(&self, doing: &'static str, event: &str, name: &str) -> Result<GetItemOutput, Unavailable> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        get.set_key(Some(key(event, name))).send().await.map_err(|error| unavailable(doing, &error))
    }

    /// Reads the items with these keys that exist, in any order. Reads only some attributes if `projection` names them; `#name`
    /// stands for the sort key and `#count` for `count`.
    async fn batch_get(
        &self,
        doing: &'static str,
        keys: Vec<Item>,
        projection: Option<&str>,
    ) -> Result<Vec<Item>, Unavailable> {
        let chunks: Vec<Vec<Item>> = keys.chunks(MAX_BATCH_ITEMS).map(<[Item]>::to_vec).collect();
        let reads = chunks.into_iter().map(|keys| self.batch_get_chunk(doing, keys, projection));
        let items: Vec<Vec<Item>> =
            stream::iter(reads.collect::<Vec<_>>()).buffer_unordered(MAX_CONCURRENT_CALLS).try_collect().await?;
        Ok(items.concat())
    }

    /// Reads at most [`MAX_BATCH_ITEMS`] items.
    async fn batch_get_chunk(
        &self,
        doing: &'static str,
        mut keys: Vec<Item>,
        projection: Option<&str>,
    ) -> Result<Vec<Item>, Unavailable> {
        let mut items = Vec::new();
        while !keys.is_empty() {
            let mut request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
            if let Some(projection) = projection {
                request = request
                    .projection_expression(projection)
                    .expression_attribute_names("#name", item::NAME)
                    .expression_attribute_names("#count", "count");
            }
            let request = request.build().expect("the keys are set");
            let page = self.client.batch_get_item().request_items(&self.table, request).send().await;
            let page = page.map_err(|error| unavailable(doing, &error))?;
            items.extend(page.responses.into_iter().flatten().flat_map(|(_, items)| items));
            // DynamoDB leaves out keys when a response would be larger than 16 MB or when it is throttled.
            keys = page.unprocessed_keys.into_iter().flatten().flat_map(|(_, left)| left.keys).collect();
        }
        Ok(items)
    }

    async fn delete_item(&self, doing: &'static str, event: &str, name: &str) -> Result<Deletion, Unavailable> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(event, name)));
        let deleted = delete.return_values(ReturnValue::AllOld).send().await;
        Ok(Deletion::of(deleted.map_err(|error| unavailable(doing, &error))?.attributes.is_some()))
    }

    /// Runs a put that has a condition.
    async fn put_if(&self, doing: &'static str, put: PutItemFluentBuilder) -> Result<Write, Unavailable> {
        conditional(doing, put.send().await)
    }

    /// Queries a partition in the order of the sort key, starting after the sort key `after`. Returns at most `limit`
    /// of the values that `read` produces. Items that `query` filters out, or for which `read` returns `None`, do not
    /// count towards the limit. Neither do damaged items, so that they affect no other.
    async fn query_partition<T>(
        &self,
        doing: &'static str,
        query: QueryFluentBuilder,
        (event, after): (&str, Option<&str>),
        limit: usize,
        read: impl Fn(Item) -> Result<Option<T>, Unavailable>,
    ) -> Result<Vec<T>, Unavailable> {
        let query = query
            .table_name(&self.table)
            .key_condition_expression("event = :event")
            .expression_attribute_values(":event", text(event));
        // DynamoDB's limit counts items before the filter. A small limit would need one call for each few items.
        let is_filtered = query.get_filter_expression().is_some();
        let mut found = Vec::new();
        let mut start = after.map(|name| key(event, name));
        while found.len() < limit {
            let page_size = if is_filtered { MAX_QUERY_ITEMS } else { MAX_QUERY_ITEMS.min(limit - found.len()) };
            let page = query
                .clone()
                .limit(i32::try_from(page_size).expect("the page size fits 32 bits"))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| unavailable(doing, &error))?;
            for item in page.items.unwrap_or_default() {
                match read(item) {
                    Ok(value) => found.extend(value),
                    Err(damaged) => tracing::error!(%damaged, doing, "damaged item left out of a list"),
                }
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}

/// The result of a write that has a condition.
fn conditional<T, E, R>(doing: &'static str, result: Result<T, SdkError<E, R>>) -> Result<Write, Unavailable>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    match result {
        Ok(_) => Ok(Write::Stored),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(Write::Conflict),
        Err(error) => Err(unavailable(doing, &error)),
    }
}

/// Runs a transaction. A conflict is that a condition does not hold, or that another process writes an item.
async fn transact(doing: &'static str, transaction: TransactWriteItemsFluentBuilder) -> Result<Write, Unavailable> {
    let Err(error) = transaction.send().await else { return Ok(Write::Stored) };
    let is_conflict = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled
            .cancellation_reasons()
            .iter()
            .any(|reason| matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))),
        _ => false,
    };
    if is_conflict { Ok(Write::Conflict) } else { Err(unavailable(doing, &error)) }
}

fn key(event: &str, name: &str) -> Item {
    Item::from([(item::EVENT.to_owned(), text(event)), (item::NAME.to_owned(), text(name))])
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};
    use aws_sdk_dynamodb::config::retry::RetryConfig;
    use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};

    use super::*;
    use crate::domain::event::EventId;
    use crate::domain::timestamp::Timestamp;
    use crate::ports::{Budgets as _, DamagedRecord, Digests as _, ParkedEvent};

    /// A table to which no connection is possible.
    fn unreachable_table() -> EventsTable {
        let credentials = Credentials::new("id", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url("http://127.0.0.1:1")
            .retry_config(RetryConfig::disabled())
            .build();
        EventsTable::new(&config, "Events")
    }

    #[tokio::test]
    async fn unreachable_table_is_no_conflict() {
        let table = unreachable_table();
        assert!(table.spend("budget", 1, Timestamp::EARLIEST).await.is_err());
        let parked = ParkedEvent {
            event: EventId::parse("dance").unwrap(),
            damaged: DamagedRecord::Digest,
            cause: "it has no version".to_owned(),
            parked_at: Timestamp::EARLIEST,
        };
        assert!(table.park(&parked).await.is_err());
    }
}
