//! A table's stream, read as a client of DynamoDB Streams reads it.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use aws_lambda_events::dynamodb::Event;
use countmein::domain::change::Change;
use countmein::domain::seat::SeatChange;
use countmein::lambda::stream_event;
use countmein::ports::{ChangeFeed, DamagedChange, Position, Unavailable};
use serde_json::{Value, json};

use crate::support::ministack::{Account, REGION};

#[derive(Clone)]
pub struct TableStream {
    account: Account,
    table: String,
    agent: ureq::Agent,
    shard: Arc<OnceLock<Shard>>,
}

/// MiniStack has one for each stream, and it never ends.
struct Shard {
    stream: Value,
    id: Value,
}

impl TableStream {
    pub fn of(account: &Account, table: &str) -> Self {
        let agent = ureq::Agent::new_with_defaults();
        Self { account: account.clone(), table: table.to_owned(), agent, shard: Arc::default() }
    }

    /// MiniStack takes the account from the access key, and no notice of the signature.
    fn call(&self, operation: &str, request: &Value) -> Value {
        let scope = format!("{}/20261123/{REGION}/dynamodb/aws4_request", self.account.id);
        let answer = self
            .agent
            .post(&self.account.endpoint)
            .header("Authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"))
            .header("X-Amz-Target", format!("DynamoDBStreams_20120810.{operation}"))
            .content_type("application/x-amz-json-1.0")
            .send(request.to_string());
        answer.expect("MiniStack answers").body_mut().read_json().expect("it answers JSON")
    }

    fn find_shard(&self) -> Shard {
        let mut streams = self.call("ListStreams", &json!({ "TableName": self.table }));
        let stream = streams["Streams"][0]["StreamArn"].take();
        let mut description = self.call("DescribeStream", &json!({ "StreamArn": stream }));
        Shard { stream, id: description["StreamDescription"]["Shards"][0]["ShardId"].take() }
    }

    fn iterator(&self, after: &Position) -> Value {
        let Shard { stream, id } = self.shard.get_or_init(|| self.find_shard());
        let mut request = json!({ "StreamArn": stream, "ShardId": id, "ShardIteratorType": "TRIM_HORIZON" });
        if *after != Position::Start {
            request["ShardIteratorType"] = json!("AFTER_SEQUENCE_NUMBER");
            request["SequenceNumber"] = json!(after.as_str());
        }
        self.call("GetShardIterator", &request)["ShardIterator"].take()
    }

    /// All changes of seats.
    pub fn seat_changes(&self) -> Vec<SeatChange> {
        let mut found = Vec::new();
        let mut iterator = self.iterator(&Position::Start);
        loop {
            let mut page = self.call("GetRecords", &json!({ "ShardIterator": iterator }));
            iterator = page["NextShardIterator"].take();
            let records = page["Records"].as_array().expect("a list of records");
            if records.is_empty() {
                return found;
            }
            let changes = records.iter().flat_map(|record| stream_event::seat_changes(&as_event(record)));
            found.extend(changes.map(|change| change.expect("it is a seat")));
        }
    }

    fn read(&self, after: &Position, limit: usize) -> Vec<(Position, Result<Change, DamagedChange>)> {
        let mut found = Vec::new();
        let mut iterator = self.iterator(after);
        loop {
            let mut page = self.call("GetRecords", &json!({ "ShardIterator": iterator }));
            iterator = page["NextShardIterator"].take();
            let records = page["Records"].as_array().expect("a list of records");
            if records.is_empty() {
                return found;
            }
            for record in records {
                let number = record["dynamodb"]["SequenceNumber"].as_str().expect("each record has a number");
                let changes = stream_event::changes(as_event(record));
                found.extend(changes.into_iter().map(|change| (Position::After(number.to_owned()), change)));
                if found.len() == limit {
                    return found;
                }
            }
        }
    }
}

/// A record of a stream has the form in which Lambda gives it to a function.
fn as_event(record: &Value) -> Event {
    serde_json::from_value(json!({ "Records": [record] })).expect("it is an event")
}

#[async_trait]
impl ChangeFeed for TableStream {
    async fn changes(
        &self,
        after: &Position,
        limit: usize,
    ) -> Result<Vec<(Position, Result<Change, DamagedChange>)>, Unavailable> {
        let (stream, after) = (self.clone(), after.clone());
        let read = tokio::task::spawn_blocking(move || stream.read(&after, limit));
        Ok(read.await.expect("the stream can be read"))
    }
}
