//! The table's stream, read by the program itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::SdkError;
use aws_sdk_dynamodbstreams::operation::get_records::GetRecordsError;
use aws_sdk_dynamodbstreams::types::{Record, Shard, ShardIteratorType};
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

use super::item::{EVENT, NAME};
use super::{EventsTable, FEED, text};
use crate::adapters::aws::error::unavailable;
use crate::domain::change::Change;
use crate::lambda::stream_event::change;
use crate::ports::{ChangeFeed, Position, Unavailable};

const READING: &str = "reading the table's stream";

/// The sort key of the item that holds the position.
const FEED_POSITION: &str = "position";

/// Records of one call, at the most (DynamoDB Streams, GetRecords).
const RECORDS: i32 = 1_000;

/// The stream of one table. A shard is read after the one that it continues, so that an event's changes keep
/// their order.
pub struct TableStream {
    client: Client,
    table: EventsTable,
    /// Where the last call ended, so that the next one reads on and nothing is read twice.
    last: Mutex<Option<Last>>,
}

#[derive(Clone)]
struct Last {
    position: Position,
    cursor: Cursor,
}

/// A place in the stream.
#[derive(Clone)]
struct Cursor {
    arn: String,
    /// Each after the one that it continues.
    shards: Vec<Shard>,
    read: Shards,
    /// Where each shard is read on. An open shard may answer emptily, and yet its next iterator is further on.
    iterators: HashMap<String, String>,
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
        Self { client: Client::new(config), table, last: Mutex::new(None) }
    }

    async fn cursor(&self, after: &Position) -> Result<Cursor, Unavailable> {
        let last = self.last.lock().expect("nobody panics with it").clone();
        if let Some(last) = last.filter(|last| last.position == *after) {
            return Ok(last.cursor);
        }
        let arn = self.arn().await?;
        let mut read = Shards::at(after)?;
        let shards = self.shards(&arn).await?;
        read.forget_all_but(&shards);
        Ok(Cursor { arn, shards, read, iterators: HashMap::new() })
    }

    async fn arn(&self) -> Result<String, Unavailable> {
        let table = self.table.describe().await;
        let table = table.map_err(|error| Unavailable { doing: READING, cause: format!("{error:#}") })?;
        let arn = table.and_then(|table| table.latest_stream_arn);
        arn.ok_or_else(|| Unavailable { doing: READING, cause: "the table has no stream".to_owned() })
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

    /// One page of a shard from where it was read last, and where it is read on; none after its end.
    async fn page(
        &self,
        cursor: &mut Cursor,
        shard: &str,
    ) -> Result<Option<(Vec<Record>, Option<String>)>, Unavailable> {
        let number = match cursor.read.0.get(shard) {
            None => None,
            Some(Read::After(number)) => Some(number.as_str()),
            Some(Read::Whole) => return Ok(None),
        };
        if let Some(kept) = cursor.iterators.remove(shard) {
            match self.records(kept).await {
                // An iterator is good for 15 minutes.
                Err(error) if error.as_service_error().is_some_and(GetRecordsError::is_expired_iterator_exception) => {}
                page => return page.map(Some).map_err(|error| unavailable(READING, &error)),
            }
        }
        let Some(iterator) = self.iterator(&cursor.arn, shard, number).await? else { return Ok(None) };
        self.records(iterator).await.map(Some).map_err(|error| unavailable(READING, &error))
    }

    async fn records(&self, iterator: String) -> Result<(Vec<Record>, Option<String>), SdkError<GetRecordsError>> {
        let page = self.client.get_records().shard_iterator(iterator).limit(RECORDS).send().await?;
        Ok((page.records.unwrap_or_default(), page.next_shard_iterator))
    }

    /// Reads on in one shard until there are `limit` changes or it gives no more for now.
    async fn read(
        &self,
        cursor: &mut Cursor,
        shard: &str,
        limit: usize,
        found: &mut Vec<(Position, Change)>,
    ) -> Result<(), Unavailable> {
        while let Some((records, next)) = self.page(cursor, shard).await? {
            let is_empty = records.is_empty();
            for record in records {
                if found.len() == limit {
                    return Ok(());
                }
                let number = record.dynamodb.as_ref().and_then(|record| record.sequence_number.clone());
                let change = change_of(record)?;
                if let Some(number) = number {
                    cursor.read.0.insert(shard.to_owned(), Read::After(number));
                }
                if let Some(change) = change {
                    found.push((cursor.read.position(), change));
                }
            }
            match next {
                Some(next) => drop(cursor.iterators.insert(shard.to_owned(), next)),
                None => drop(cursor.read.0.insert(shard.to_owned(), Read::Whole)),
            }
            if is_empty {
                return Ok(());
            }
        }
        Ok(())
    }
}

#[async_trait]
impl ChangeFeed for TableStream {
    async fn changes(&self, after: &Position, limit: usize) -> Result<Vec<(Position, Change)>, Unavailable> {
        let mut cursor = self.cursor(after).await?;
        let mut found = Vec::new();
        let mut ended = false;
        for shard in cursor.shards.clone() {
            let Some(id) = shard.shard_id() else { continue };
            let parent =
                cursor.shards.iter().find(|other| other.shard_id.is_some() && other.shard_id == shard.parent_shard_id);
            let is_its_turn = parent.is_none_or(|parent| cursor.read.is_whole(parent));
            if is_its_turn && !cursor.read.is_whole(&shard) && found.len() < limit {
                self.read(&mut cursor, id, limit, &mut found).await?;
                ended |= cursor.read.is_whole(&shard);
            }
        }
        let position = found.last().map_or_else(|| after.clone(), |(position, _)| position.clone());
        if ended {
            // A shard that ends is continued by others, and they must be looked up.
            cursor.shards = self.shards(&cursor.arn).await?;
            cursor.read.forget_all_but(&cursor.shards);
        }
        *self.last.lock().expect("nobody panics with it") = Some(Last { position, cursor });
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
    let [old, new] = [record.old_image, record.new_image].map(|image| Item::from(image.unwrap_or_default()));
    change(old, new).map_err(|cause| Unavailable { doing: READING, cause })
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
