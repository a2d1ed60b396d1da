//! The digests, one item each. A write replaces the whole item, and is conditional on its version.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use serde::{Deserialize, Serialize};

use super::item::{self, Item, NAME};
use super::{DIGESTS, EventsTable, PARKED, announcements, conditional, key, number, text, transact};
use crate::adapters::aws::error::unavailable;
use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::event_announcement::EventAnnouncement;
use crate::domain::seats::EventSeats;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::digest as record;
use crate::formats::stored::digest::DigestRecord;
use crate::ports::{DamagedRecord, Digests, EventSummary, ParkedEvent, ReadError, Unavailable, Write};

const READING: &str = "reading a digest";
const PARKING: &str = "parking an event";
const LISTING: &str = "reading the events";

/// The name of the index that contains the digests with pending changes, in the order in which they are due.
pub const DUE_INDEX: &str = "due";
/// The index's partition key. All digests with pending changes have the same value. Other digests lack the
/// attribute, so the index does not contain them.
pub const WAITING: &str = "waiting";
/// The index's sort key, in milliseconds.
pub const DUE_AT: &str = "due_at";

/// The value of [`WAITING`].
const WAITING_VALUE: &str = "yes";

/// The binary attribute with the hashes of the changes that a digest has already counted.
const SEEN: &str = "seen";

/// The attributes of a [`SummaryRecord`].
const SUMMARY: &str = "#name, title, #count, seats, expires_at";

/// How long a parked event is stored.
const PARKED_RETENTION: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A digest's attributes, except `seen`, which is binary.
#[derive(Serialize, Deserialize)]
struct DigestItem {
    event: String,
    /// The event's id.
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    #[serde(flatten)]
    record: DigestRecord,
}

/// The attributes of a digest that a list of events needs.
#[derive(Deserialize)]
struct SummaryRecord {
    name: String,
    title: String,
    count: u64,
    #[serde(default)]
    seats: Option<EventSeats>,
    #[serde(default)]
    expires_at: Option<i64>,
}

/// A parked event. Times are in milliseconds, except `expires_at`.
#[derive(Serialize)]
struct ParkedRecord<'a> {
    event: &'a str,
    /// The event's id.
    name: &'a str,
    cause: &'a str,
    parked_at: i64,
    expires_at: i64,
}

#[derive(Deserialize)]
struct DueRecord {
    name: String,
    due_at: i64,
}

#[async_trait]
impl Digests for EventsTable {
    async fn digest(&self, event: &EventId) -> Result<Option<Digest>, ReadError> {
        let found = self.get(READING, DIGESTS, event.as_str()).await?;
        let digest = found.item.map(from_item).transpose();
        digest.map_err(|damaged| ReadError::Damaged(damaged.cause))
    }

    async fn store(&self, digest: &Digest) -> Result<Write, Unavailable> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(to_item(digest)));
        let (condition, values) = unchanged(digest);
        let put = put.condition_expression(condition).set_expression_attribute_values(values);
        let stored = put.send().await;
        match &stored {
            // A transaction is just storing the digest.
            Err(error) if error.code() == Some("TransactionConflictException") => Ok(Write::Conflict),
            _ => conditional("storing a digest", stored),
        }
    }

    async fn store_announcing(&self, digest: &Digest, announcement: &EventAnnouncement) -> Result<Write, Unavailable> {
        let of_announcement = Put::builder().table_name(&self.table);
        let of_announcement = of_announcement.set_item(Some(announcements::to_item(announcement))).build();
        let puts = [self.digest_put(digest), of_announcement.expect("table and item are set")];
        let items = puts.map(|put| TransactWriteItem::builder().put(put).build());
        let transaction = self.client.transact_write_items().set_transact_items(Some(items.into()));
        transact("storing an announcement", transaction).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable> {
        let due = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("waiting = :yes AND due_at <= :now")
            .expression_attribute_values(":yes", text(WAITING_VALUE))
            .expression_attribute_values(":now", number(now.as_millis()))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| unavailable(READING, &error))?;
        let read = |item| {
            let DueRecord { name, due_at } = item::read(item)?;
            Ok((EventId::from_stored(name), time(due_at)?))
        };
        let readable = |item| {
            read(item).inspect_err(|damaged: &Unavailable| {
                tracing::error!(%damaged, "damaged item left out of the due digests");
            })
        };
        Ok(due.items.unwrap_or_default().into_iter().filter_map(|item| readable(item).ok()).collect())
    }

    async fn park(&self, parked: &ParkedEvent) -> Result<(), Unavailable> {
        let item = item::write(&ParkedRecord {
            event: PARKED,
            name: parked.event.as_str(),
            cause: &parked.cause,
            parked_at: parked.parked_at.as_millis(),
            expires_at: parked.parked_at.plus(PARKED_RETENTION).as_seconds(),
        });
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        put.map_err(|error| unavailable(PARKING, &error))?;
        if parked.damaged == DamagedRecord::Change {
            return Ok(());
        }
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(DIGESTS, parked.event.as_str())))
            .update_expression("REMOVE waiting, due_at")
            .condition_expression("attribute_exists(version)");
        conditional(PARKING, update.send().await).map(drop)
    }

    async fn unpark(&self, event: &EventId) -> Result<(), Unavailable> {
        self.delete_item(PARKING, PARKED, event.as_str()).await.map(drop)
    }

    async fn replace_digest(&self, digest: &Digest) -> Result<(), Unavailable> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(to_item(digest)));
        put.send().await.map(drop).map_err(|error| unavailable("replacing a digest", &error))
    }
}

impl EventsTable {
    /// Returns an event's title and count, or `None` if there is no digest or if it has expired.
    pub(super) async fn summary(&self, event: &EventId) -> Result<Option<EventSummary>, Unavailable> {
        let found = self.get(LISTING, DIGESTS, event.as_str()).await?;
        let summary = found.item.map(|item| summary(item, Timestamp::now())).transpose()?;
        Ok(summary.flatten())
    }

    /// Returns the titles and counts of those of the events that have a digest.
    pub(super) async fn summaries_of(
        &self,
        events: &[&EventId],
    ) -> Result<HashMap<EventId, EventSummary>, Unavailable> {
        let keys = events.iter().map(|event| key(DIGESTS, event.as_str())).collect();
        let items = self.batch_get(LISTING, keys, Some(SUMMARY)).await?;
        let now = Timestamp::now();
        let read = |item| {
            let summary = summary(item, now).inspect_err(|damaged| {
                tracing::error!(%damaged, "damaged item left out of a list");
            });
            summary.ok().flatten().map(|summary| (summary.id.clone(), summary))
        };
        Ok(items.into_iter().filter_map(read).collect())
    }

    /// Returns at most `limit` events in the order of their ids.
    pub(super) async fn summaries(
        &self,
        after: Option<&EventId>,
        limit: usize,
    ) -> Result<Vec<EventSummary>, Unavailable> {
        let now = Timestamp::now();
        let query = self
            .client
            .query()
            .projection_expression(SUMMARY)
            .expression_attribute_names("#name", NAME)
            .expression_attribute_names("#count", "count");
        let start = (DIGESTS, after.map(EventId::as_str));
        self.query_partition(LISTING, query, start, limit, |item| summary(item, now)).await
    }
}

/// Returns `None` if the digest has expired, because DynamoDB may delete an expired item only days later.
fn summary(item: Item, now: Timestamp) -> Result<Option<EventSummary>, Unavailable> {
    let SummaryRecord { name, title, count, seats, expires_at } = item::read(item)?;
    let has_expired = expires_at.is_some_and(|at| at <= now.as_seconds());
    let seats = seats.and_then(|seats| seats.complete_counts());
    Ok((!has_expired).then(|| EventSummary { id: EventId::from_stored(name), title, count, seats }))
}

/// Returns the condition that the stored digest has the version that was read, and the values in it.
pub(super) fn unchanged(digest: &Digest) -> (&'static str, Option<Item>) {
    match digest.version {
        0 => ("attribute_not_exists(version)", None),
        version => ("version = :version", Some([(":version".to_owned(), number(version))].into())),
    }
}

pub(super) fn to_item(digest: &Digest) -> Item {
    let due_at = digest.due_at();
    let mut item = item::write(&DigestItem {
        event: DIGESTS.to_owned(),
        name: digest.event.as_str().to_owned(),
        waiting: due_at.map(|_| WAITING_VALUE.to_owned()),
        due_at: due_at.map(Timestamp::as_millis),
        record: DigestRecord::next(digest),
    });
    item.insert(SEEN.to_owned(), AttributeValue::B(Blob::new(record::change_hashes(digest))));
    item
}

fn from_item(mut item: Item) -> Result<Digest, Unavailable> {
    let Some(AttributeValue::B(seen)) = item.remove(SEEN) else { return Err(item::damaged("`seen` is missing")) };
    let DigestItem { name, record, .. } = item::read(item)?;
    Ok(record.into_digest(EventId::from_stored(name), seen.as_ref()))
}

pub(super) fn time(millis: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_millis(millis).map_err(item::damaged)
}
