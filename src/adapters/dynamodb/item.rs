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

/// The condition that an item has some attributes with the expected values, and lacks those without a value.
pub struct Unchanged {
    pub condition: String,
    /// The names in the condition. Some names are reserved words, so none is written in it.
    pub names: HashMap<String, String>,
    /// The values in the condition. `None` if there are none, because DynamoDB refuses an empty map.
    pub values: Option<Item>,
}

impl Unchanged {
    pub fn of(attributes: impl IntoIterator<Item = (&'static str, Option<AttributeValue>)>) -> Self {
        let (mut conditions, mut names, mut values) = (Vec::new(), HashMap::new(), HashMap::new());
        for (name, value) in attributes {
            names.insert(format!("#{name}"), name.to_owned());
            match value {
                Some(value) => {
                    conditions.push(format!("#{name} = :{name}"));
                    values.insert(format!(":{name}"), value);
                }
                None => conditions.push(format!("attribute_not_exists(#{name})")),
            }
        }
        let values = Some(values).filter(|values| !values.is_empty());
        Self { condition: conditions.join(" AND "), names, values }
    }
}
