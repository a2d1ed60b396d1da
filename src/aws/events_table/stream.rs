//! The table's stream, read by the program itself.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::types::{Record, Shard, ShardIteratorType};
use serde::{Deserialize, Serialize};

use super::item::{EVENT, NAME};
use super::{EventsTable, FEED, text};
use crate::aws::failure::unavailable;
use crate::aws::stream_event::change;
use crate::ports::{Change, ChangeFeed, Position, Unavailable};

const READING: &str = "reading the table's stream";

/// The sort key of the item that holds the position.
const FEED_POSITION: &str = "position";

/// Records of one call, at the most (DynamoDB Streams, GetRecords).
const RECORDS: usize = 1_000;

/// Calls without a record after which a shard is taken to hold none for now: an open shard may answer emptily in
/// between.
const EMPTY_CALLS: u32 = 3;

/// The stream of one table. A shard is read after the one that it continues, so that an event's changes keep
/// their order.
pub struct TableStream {
    client: Client,
    table: EventsTable,
    /// How far past a position there is nothing about attendees, so that it is read once.
    passed: Mutex<Option<(Position, Shards)>>,
}

/// How far each shard was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Shards(BTreeMap<String, Read>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Read {
    /// Up to the record of this sequence number, which is in.
    After(String),
    /// To its end.
    Whole,
}

impl TableStream {
    pub fn new(config: &SdkConfig, table: EventsTable) -> Self {
        Self { client: Client::new(config), table, passed: Mutex::new(None) }
    }

    async fn shards(&self, arn: &str) -> Result<Vec<Shard>, Unavailable> {
        let (mut shards, mut after) = (Vec::new(), None);
        loop {
            let describe = self.client.describe_stream().stream_arn(arn).set_exclusive_start_shard_id(after);
            let page = describe.send().await.map_err(|error| unavailable(READING, &error))?;
            let Some(page) = page.stream_description else { break };
            shards.extend(page.shards.unwrap_or_default());
            after = page.last_evaluated_shard_id;
            if after.is_none() {
                break;
            }
        }
        Ok(parents_first(shards))
    }

    async fn arn(&self) -> Result<String, Unavailable> {
        let table = self.table.describe().await;
        let table = table.map_err(|error| Unavailable { doing: READING, cause: format!("{error:#}") })?;
        let arn = table.and_then(|table| table.latest_stream_arn);
        arn.ok_or_else(|| Unavailable { doing: READING, cause: "the table has no stream".to_owned() })
    }

    async fn iterator(&self, arn: &str, shard: &str, after: Option<&str>) -> Result<Option<String>, Unavailable> {
        let iterator = self.client.get_shard_iterator().stream_arn(arn).shard_id(shard);
        let from_its_start = iterator.clone().shard_iterator_type(ShardIteratorType::TrimHorizon);
        let Some(number) = after else {
            let found = from_its_start.send().await.map_err(|error| unavailable(READING, &error))?;
            return Ok(found.shard_iterator);
        };
        let on = iterator.shard_iterator_type(ShardIteratorType::AfterSequenceNumber).sequence_number(number);
        let found = match on.send().await {
            Err(error) if error.as_service_error().is_some_and(|error| error.is_trimmed_data_access_exception()) => {
                tracing::warn!("the stream was not read for 24 hours; what it told before that is lost");
                from_its_start.send().await
            }
            found => found,
        };
        Ok(found.map_err(|error| unavailable(READING, &error))?.shard_iterator)
    }

    /// Reads on in one shard until there are `limit` changes or it holds no more for now.
    async fn read(
        &self,
        arn: &str,
        shard: &str,
        read: &mut Shards,
        limit: usize,
        found: &mut Vec<(Position, Change)>,
    ) -> Result<(), Unavailable> {
        let mut next = match read.0.get(shard) {
            None => self.iterator(arn, shard, None).await?,
            Some(Read::After(number)) => self.iterator(arn, shard, Some(number)).await?,
            Some(Read::Whole) => return Ok(()),
        };
        let mut empty_calls = 0;
        while let Some(iterator) = next {
            let records = self.client.get_records().shard_iterator(iterator);
            let records = records.limit(i32::try_from(RECORDS).expect("it is small")).send().await;
            let page = records.map_err(|error| unavailable(READING, &error))?;
            let records = page.records.unwrap_or_default();
            empty_calls = if records.is_empty() { empty_calls + 1 } else { 0 };
            for record in records {
                if found.len() == limit {
                    return Ok(());
                }
                let number = record.dynamodb.as_ref().and_then(|record| record.sequence_number.clone());
                let change = change_of(record)?;
                if let Some(number) = number {
                    read.0.insert(shard.to_owned(), Read::After(number));
                }
                if let Some(change) = change {
                    found.push((read.position(), change));
                }
            }
            next = page.next_shard_iterator;
            if next.is_none() {
                read.0.insert(shard.to_owned(), Read::Whole);
            }
            if empty_calls == EMPTY_CALLS {
                return Ok(());
            }
        }
        Ok(())
    }
}

#[async_trait]
impl ChangeFeed for TableStream {
    async fn changes(&self, after: &Position, limit: usize) -> Result<Vec<(Position, Change)>, Unavailable> {
        let arn = self.arn().await?;
        let shards = self.shards(&arn).await?;
        let passed = self.passed.lock().expect("nobody panics with it").clone();
        let mut read = match passed {
            Some((position, read)) if position == *after => read,
            _ => Shards::at(after)?,
        };
        read.forget_all_but(&shards);
        let mut found = Vec::new();
        for shard in &shards {
            let (Some(id), parent) = (shard.shard_id(), shard.parent_shard_id()) else { continue };
            let is_open = |shard: &&Shard| shard.shard_id() == parent && parent.is_some();
            let parent_is_read = shards.iter().find(is_open).is_none_or(|parent| read.is_whole(parent));
            if parent_is_read && found.len() < limit {
                self.read(&arn, id, &mut read, limit, &mut found).await?;
            }
        }
        let position = found.last().map_or_else(|| after.clone(), |(position, _)| position.clone());
        *self.passed.lock().expect("nobody panics with it") = Some((position, read));
        Ok(found)
    }
}

impl Shards {
    fn at(position: &Position) -> Result<Self, Unavailable> {
        if *position == Position::START {
            return Ok(Self::default());
        }
        serde_json::from_str(position.as_str()).map_err(|error| Unavailable {
            doing: READING,
            cause: format!("the position is not one of a stream: {error}"),
        })
    }

    fn position(&self) -> Position {
        Position::new(serde_json::to_string(self).expect("it is plain data"))
    }

    fn is_whole(&self, shard: &Shard) -> bool {
        shard.shard_id().is_some_and(|id| self.0.get(id) == Some(&Read::Whole))
    }

    /// A shard goes after 24 hours.
    fn forget_all_but(&mut self, shards: &[Shard]) {
        let there: HashSet<&str> = shards.iter().filter_map(Shard::shard_id).collect();
        self.0.retain(|id, _| there.contains(id.as_str()));
    }
}

/// Each shard after the one that it continues, otherwise as they were.
fn parents_first(mut shards: Vec<Shard>) -> Vec<Shard> {
    let mut ordered: Vec<Shard> = Vec::with_capacity(shards.len());
    while !shards.is_empty() {
        let waiting: HashSet<String> = shards.iter().filter_map(|shard| shard.shard_id.clone()).collect();
        let (ready, others): (Vec<_>, Vec<_>) =
            shards.into_iter().partition(|shard| shard.parent_shard_id().is_none_or(|id| !waiting.contains(id)));
        if ready.is_empty() {
            // No stream has shards that continue each other in a circle.
            ordered.extend(others);
            break;
        }
        ordered.extend(ready);
        shards = others;
    }
    ordered
}

/// None if the record is not about an attendee.
fn change_of(record: Record) -> Result<Option<Change>, Unavailable> {
    let Some(record) = record.dynamodb else { return Ok(None) };
    let is_special = |name: &str| {
        let key = record.keys.as_ref().and_then(|keys| keys.get(name)?.as_s().ok());
        key.is_some_and(|key| key.starts_with('#'))
    };
    if is_special("event") || is_special("name") {
        return Ok(None);
    }
    let damaged = |cause: String| Unavailable { doing: READING, cause };
    let image = |item: Option<_>| {
        item.map(serde_dynamo::aws_sdk_dynamodbstreams_1::from_item)
            .transpose()
            .map_err(|error| damaged(error.to_string()))
    };
    change(image(record.old_image)?, image(record.new_image)?).map_err(|error| damaged(error.to_string()))
}

/// How far the program has followed the stream; an item of its own.
impl EventsTable {
    pub async fn position(&self) -> Result<Position, Unavailable> {
        let found = self.get(READING, FEED, FEED_POSITION).await?;
        let position = found.item.as_ref().and_then(|item| item.get("position")?.as_s().ok());
        Ok(position.map_or(Position::START, |position| Position::new(position.clone())))
    }

    pub async fn set_position(&self, position: &Position) -> Result<(), Unavailable> {
        let put = self.client.put_item().table_name(&self.table);
        let put = put.item(EVENT, text(FEED)).item(NAME, text(FEED_POSITION)).item("position", text(position.as_str()));
        put.send().await.map_err(|error| unavailable("writing down how far the stream was read", &error))?;
        Ok(())
    }
}
