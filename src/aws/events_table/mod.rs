//! The table `Events` on DynamoDB: partition key `event`, sort key `name`.
//!
//! Attendees stand under their event. Everything else stands under a partition whose name begins with `#`, as no
//! event's id does.

mod attendee_update;
mod digests;
mod idempotency;
mod item;
mod rejects;
mod roster;
pub mod stream;
pub mod table;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::aws::failure::unavailable;
use crate::ports::Unavailable;

/// The partition of the digests; their sort keys are the events' ids.
const DIGESTS: &str = "#digest";
/// The partition of the rejects, by id.
const REJECTS: &str = "#reject";
/// The partition of the answers to requests with an `Idempotency-Key`.
const ANSWERS: &str = "#idempotency";
/// The partition of how far the stream was read, where no function reads it.
const FEED: &str = "#feed";

/// Calls in flight at once for one batch: what a function's small share of a processor keeps up with.
const AT_ONCE: usize = 64;

/// A client of one table.
#[derive(Debug, Clone)]
pub struct EventsTable {
    client: Client,
    table: String,
}

impl EventsTable {
    pub fn new(config: &SdkConfig, table: impl Into<String>) -> Self {
        Self { client: Client::new(config), table: table.into() }
    }

    async fn get(&self, doing: &'static str, event: &str, name: &str) -> Result<GetItemOutput, Unavailable> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let get = get.key(item::EVENT, text(event)).key(item::NAME, text(name));
        get.send().await.map_err(|error| unavailable(doing, &error))
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
