//! Converts records to items of the table and back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::attendee::Attendee;
use crate::formats::stored::attendee::AttendeeRecord;
use crate::formats::stored::describe_damage;
use crate::ports::Unavailable;

/// The partition key's attribute.
pub const EVENT: &str = "event";
/// The sort key's attribute.
pub const NAME: &str = "name";

pub type Item = HashMap<String, AttributeValue>;

pub fn write(data: &impl Serialize) -> Item {
    serde_dynamo::aws_sdk_dynamodb_1::to_item(data).expect("a record is a struct of plain data")
}

/// Reads a record from an item. The error of a damaged item is `Unavailable`, so that the call is retried: an operator
/// may repair the item in the meantime.
pub fn read<T: DeserializeOwned>(item: Item) -> Result<T, Unavailable> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(damaged)
}

pub fn attendee(item: Item) -> Result<Attendee, Unavailable> {
    read::<AttendeeRecord>(item)?.try_into().map_err(damaged)
}

/// The error of an item that cannot be read.
pub fn damaged(error: impl ToString) -> Unavailable {
    Unavailable { doing: "reading an item of the table", cause: describe_damage(&error) }
}
