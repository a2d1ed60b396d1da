//! Items as plain data and back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::attendee::Attendee;
use crate::formats::stored::attendee::AttendeeRecord;
use crate::ports::Unavailable;

pub const EVENT: &str = "event";
pub const NAME: &str = "name";

pub type Item = HashMap<String, AttributeValue>;

pub fn write(data: &impl Serialize) -> Item {
    serde_dynamo::aws_sdk_dynamodb_1::to_item(data).expect("it is plain data with named fields")
}

/// An item that cannot be parsed is damaged. An operator may repair it, so the error is `Unavailable` and the call can be
/// retried.
pub fn read<T: DeserializeOwned>(item: Item) -> Result<T, Unavailable> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(damaged)
}

pub fn attendee(item: Item) -> Result<Attendee, Unavailable> {
    read::<AttendeeRecord>(item)?.try_into().map_err(damaged)
}

pub fn damaged(error: impl ToString) -> Unavailable {
    Unavailable { doing: "reading an item of the table", cause: error.to_string() }
}
