//! Removes the envelopes that other systems put around a message: Amazon SNS notifications and CloudEvents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::domain::invalid::{FieldProblem, InvalidField};
use crate::formats::fields;

/// Removes the envelopes around a message: an SNS notification, a CloudEvent, or a CloudEvent in an SNS notification.
/// Returns a message without an envelope unchanged.
///
/// The envelope's id and time become the message's `id` and `requested_at` unless the message has its own.
pub fn unwrap(object: Map<String, Value>) -> Result<Map<String, Value>, InvalidField> {
    if is_sns_notification(&object) {
        let inner = require_object("Message", parse_json("Message", fields::text(&object, "Message")?)?)?;
        let message = if is_cloud_event(&inner) { open_cloud_event(inner)? } else { inner };
        Ok(with_default_version(message, object.get("MessageId"), object.get("Timestamp")))
    } else if is_cloud_event(&object) {
        open_cloud_event(object)
    } else {
        Ok(object)
    }
}

/// Format: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>
fn is_sns_notification(object: &Map<String, Value>) -> bool {
    object.get("Type").and_then(Value::as_str) == Some("Notification") && object.contains_key("Message")
}

/// Format: CloudEvents 1.0, JSON event format, section 3.
fn is_cloud_event(object: &Map<String, Value>) -> bool {
    object.get("specversion").and_then(Value::as_str) == Some("1.0")
        && (object.contains_key("data") || object.contains_key("data_base64"))
}

fn open_cloud_event(mut object: Map<String, Value>) -> Result<Map<String, Value>, InvalidField> {
    let data = match object.remove("data") {
        Some(Value::String(text)) => parse_json("data", &text)?,
        Some(data) => data,
        None => {
            let bytes = STANDARD.decode(fields::text(&object, "data_base64")?).map_err(|_| invalid_base64())?;
            parse_json("data_base64", &String::from_utf8(bytes).map_err(|_| invalid_base64())?)?
        }
    };
    Ok(with_default_version(require_object("data", data)?, object.get("id"), object.get("time")))
}

/// Adds `id` and `requested_at` from an envelope if the message has none.
fn with_default_version(
    mut message: Map<String, Value>,
    id: Option<&Value>,
    time: Option<&Value>,
) -> Map<String, Value> {
    for (field, default) in [("id", id), ("requested_at", time)] {
        if let (None, Some(value)) = (fields::optional(&message, field), default) {
            message.insert(field.to_owned(), value.clone());
        }
    }
    message
}

fn invalid_base64() -> InvalidField {
    FieldProblem::WrongType { expected: "base64 of a JSON object in UTF-8", found: "something else" }
        .in_field("data_base64")
}

fn parse_json(field: &'static str, text: &str) -> Result<Value, InvalidField> {
    serde_json::from_str(text)
        .map_err(|_| FieldProblem::WrongType { expected: "a JSON object", found: "other text" }.in_field(field))
}

fn require_object(field: &'static str, value: Value) -> Result<Map<String, Value>, InvalidField> {
    match value {
        Value::Object(object) => Ok(object),
        other => {
            Err(FieldProblem::WrongType { expected: "a JSON object", found: fields::kind_of(&other) }.in_field(field))
        }
    }
}
