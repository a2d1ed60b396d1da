//! Digests, each an item that is replaced as a whole if nobody else did so meanwhile.

use async_trait::async_trait;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::item::{self, Item, NAME};
use super::{DIGESTS, EventsTable, number, text};
use crate::attendee_name::AttendeeName;
use crate::aws::failure::unavailable;
use crate::digest::{Digest, Movements, WaitingChange};
use crate::event::EventId;
use crate::ports::{Digests, EventSummary, Movement, Unavailable};
use crate::signup::SignupId;
use crate::timestamp::Timestamp;

const READING: &str = "reading a digest";
const LISTING: &str = "reading the events";

/// The index on which only digests stand in which something waits, by when they are due.
pub const DUE_INDEX: &str = "due";
/// The index's partition key. All digests that wait have the same value, all others none.
pub const WAITING: &str = "waiting";
/// The index's sort key, in milliseconds.
pub const DUE_AT: &str = "due_at";

/// A digest's attributes, but for `seen`: the marks, one after the other, as bytes.
#[derive(Serialize, Deserialize)]
struct DigestRecord {
    event: String,
    /// The event's id.
    name: String,
    title: String,
    count: u64,
    named: Vec<NamedRecord>,
    joined: u64,
    left: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opened_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    /// In seconds, as DynamoDB's time to live wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct NamedRecord {
    name: String,
    display_name: String,
    movement: Movement,
    signup_id: String,
}

/// What a list of events needs of a digest.
#[derive(Deserialize)]
struct SummaryRecord {
    name: String,
    title: String,
    count: u64,
    #[serde(default)]
    expires_at: Option<i64>,
}

#[derive(Deserialize)]
struct DueRecord {
    name: String,
    due_at: i64,
}

#[async_trait]
impl Digests for EventsTable {
    async fn digest(&self, event: &EventId) -> Result<Option<Digest>, Unavailable> {
        let found = self.get(READING, DIGESTS, event.as_str()).await?;
        found.item.map(from_item).transpose()
    }

    async fn store(&self, digest: &Digest) -> Result<bool, Unavailable> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(to_item(digest)));
        let put = match digest.version {
            0 => put.condition_expression("attribute_not_exists(version)"),
            version => {
                put.condition_expression("version = :version").expression_attribute_values(":version", number(version))
            }
        };
        self.put_if("storing a digest", put).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable> {
        let due = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("waiting = :yes AND due_at <= :now")
            .expression_attribute_values(":yes", text(YES))
            .expression_attribute_values(":now", number(now.as_millis()))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| unavailable(READING, &error))?;
        let due = due.items.unwrap_or_default().into_iter().map(|item| {
            let DueRecord { name, due_at } = item::read(item)?;
            Ok((EventId::from_stored(name), time(due_at)?))
        });
        due.collect()
    }
}

const YES: &str = "yes";

impl EventsTable {
    /// An event's title and count, unless it is forgotten.
    pub(super) async fn summary(&self, event: &EventId) -> Result<Option<EventSummary>, Unavailable> {
        let found = self.get(LISTING, DIGESTS, event.as_str()).await?;
        let summary = found.item.map(|item| summary(item, Timestamp::now())).transpose()?;
        Ok(summary.flatten())
    }

    /// At most `limit` events by id.
    pub(super) async fn summaries(
        &self,
        after: Option<&EventId>,
        limit: usize,
    ) -> Result<Vec<EventSummary>, Unavailable> {
        let now = Timestamp::now();
        let query = self
            .client
            .query()
            .projection_expression("#name, title, #count, expires_at")
            .expression_attribute_names("#name", NAME)
            .expression_attribute_names("#count", "count");
        let place = (DIGESTS, after.map(EventId::as_str));
        self.partition(LISTING, query, place, limit, |item| summary(item, now)).await
    }
}

/// DynamoDB deletes what has expired within days; until then it is passed over.
fn summary(item: Item, now: Timestamp) -> Result<Option<EventSummary>, Unavailable> {
    let SummaryRecord { name, title, count, expires_at } = item::read(item)?;
    let is_forgotten = expires_at.is_some_and(|at| at <= now.as_seconds());
    Ok((!is_forgotten).then(|| EventSummary { id: EventId::from_stored(name), title, count }))
}

fn to_item(digest: &Digest) -> Item {
    let due_at = digest.due_at();
    let record = DigestRecord {
        event: DIGESTS.to_owned(),
        name: digest.event.as_str().to_owned(),
        title: digest.title.clone(),
        count: digest.count,
        named: digest.named.iter().map(NamedRecord::from).collect(),
        joined: digest.unnamed.joined,
        left: digest.unnamed.left,
        opened_at: digest.opened_at.map(Timestamp::as_millis),
        waiting: due_at.map(|_| YES.to_owned()),
        due_at: due_at.map(Timestamp::as_millis),
        expires_at: digest.expires_at.map(Timestamp::as_seconds),
        version: digest.version + 1,
    };
    let mut item = item::write(&record);
    let seen = digest.seen.iter().flatten().copied().collect::<Vec<u8>>();
    item.insert("seen".to_owned(), AttributeValue::B(Blob::new(seen)));
    item
}

fn from_item(mut item: Item) -> Result<Digest, Unavailable> {
    let Some(AttributeValue::B(seen)) = item.remove("seen") else { return Err(item::damaged("`seen` is not there")) };
    let (seen, _) = seen.as_ref().as_chunks();
    let record: DigestRecord = item::read(item)?;
    Ok(Digest {
        event: EventId::from_stored(record.name),
        title: record.title,
        count: record.count,
        named: record.named.into_iter().map(WaitingChange::from).collect(),
        unnamed: Movements { joined: record.joined, left: record.left },
        opened_at: record.opened_at.map(time).transpose()?,
        seen: seen.iter().copied().collect(),
        expires_at: record.expires_at.map(|seconds| time(seconds.saturating_mul(1_000))).transpose()?,
        version: record.version,
    })
}

fn time(millis: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_millis(millis).map_err(item::damaged)
}

impl From<&WaitingChange> for NamedRecord {
    fn from(change: &WaitingChange) -> Self {
        Self {
            name: change.name.key().as_str().to_owned(),
            display_name: change.name.as_str().to_owned(),
            movement: change.movement,
            signup_id: change.signup.as_str().to_owned(),
        }
    }
}

impl From<NamedRecord> for WaitingChange {
    fn from(record: NamedRecord) -> Self {
        Self {
            name: AttendeeName::from_stored(record.display_name, record.name),
            movement: record.movement,
            signup: SignupId::from_stored(record.signup_id),
        }
    }
}
