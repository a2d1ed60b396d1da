//! Removes the envelopes that other systems put around a message: Amazon SNS notifications, CloudEvents, EventBridge events, SQS
//! records of EventBridge Pipes, and records of Lambda destinations.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::domain::invalid::{FieldProblem, InvalidField};
use crate::domain::signup::SignupId;
use crate::formats::fields;

/// Envelopes in each other that are removed. An event that SNS sends to a queue of EventBridge Pipes has three.
const MAX_ENVELOPES: usize = 4;

/// Removes the envelopes around a message. Returns a message without an envelope unchanged.
///
/// The id and the time of the innermost envelope that has them become the message's `id` and `requested_at`, unless the message has
/// its own.
///
/// # Errors
/// Returns an error if an envelope does not contain exactly one message. It names the field of the envelope.
pub fn unwrap(object: Map<String, Value>) -> Result<Map<String, Value>, InvalidField> {
    unwrap_nested(object, MAX_ENVELOPES)
}

fn unwrap_nested(mut object: Map<String, Value>, most: usize) -> Result<Map<String, Value>, InvalidField> {
    if most == 0 {
        return Ok(object);
    }
    let text = |field: &str| object.get(field).and_then(Value::as_str);
    // A message of our own is in no further envelope, whatever else it has.
    let is_message = text("event").is_some() && text("name").is_some();
    let (inner, id, time) = if is_sns_notification(&object) {
        let inner = require_object("Message", parse_json("Message", fields::text(&object, "Message")?)?)?;
        (inner, object.remove("MessageId"), object.remove("Timestamp"))
    } else if is_cloud_event(&object) {
        (cloud_event_data(&mut object)?, object.remove("id"), object.remove("time"))
    } else if is_message {
        return Ok(object);
    } else if text("detail-type").is_some() && object.contains_key("detail") {
        let inner = require_object("detail", object.remove("detail").unwrap_or_default())?;
        (inner, object.remove("id"), object.remove("time"))
    } else if text("eventSource") == Some("aws:sqs") {
        let inner = require_object("body", parse_json("body", fields::text(&object, "body")?)?)?;
        let sent =
            object.get("attributes").and_then(|attributes| attributes.get("SentTimestamp")).and_then(Value::as_str);
        let sent = sent.and_then(|millis| millis.parse::<i64>().ok()).map(Value::from);
        (inner, object.remove("messageId"), sent)
    } else if object.contains_key("requestContext") && object.contains_key("requestPayload") {
        (successful_result(&mut object)?, None, None)
    } else if let Some(records) = object.remove("Records") {
        (only_record(records)?, None, None)
    } else {
        return Ok(object);
    };
    Ok(with_default_version(unwrap_nested(inner, most - 1)?, id.as_ref(), time.as_ref()))
}

/// The result of a function, in the record that Lambda sends to a destination:
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
fn successful_result(object: &mut Map<String, Value>) -> Result<Map<String, Value>, InvalidField> {
    let condition = object.get("requestContext").and_then(|context| context.get("condition")).and_then(Value::as_str);
    if condition != Some("Success") {
        let problem =
            FieldProblem::WrongType { expected: "`Success`", found: "a Lambda destination's record of a failure" };
        return Err(problem.in_field("requestContext.condition"));
    }
    require_object("responsePayload", object.remove("responsePayload").unwrap_or_default())
}

/// The record in an event of a queue. Events of other services contain no sign-up.
fn only_record(records: Value) -> Result<Map<String, Value>, InvalidField> {
    let wrong = |found| {
        FieldProblem::WrongType { expected: "a list with one record of an SQS queue", found }.in_field("Records")
    };
    let Value::Array(mut records) = records else { return Err(wrong("something else")) };
    match (records.pop(), records.is_empty()) {
        (Some(Value::Object(record)), true) => {
            let is_of_queue = record.get("eventSource").and_then(Value::as_str) == Some("aws:sqs");
            if is_of_queue { Ok(record) } else { Err(wrong("a record of another service")) }
        }
        (Some(_), true) | (None, _) => Err(wrong("no record")),
        (Some(_), false) => Err(wrong("several records")),
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

fn cloud_event_data(object: &mut Map<String, Value>) -> Result<Map<String, Value>, InvalidField> {
    let data = match object.remove("data") {
        Some(Value::String(text)) => parse_json("data", &text)?,
        Some(data) => data,
        None => {
            let bytes = STANDARD.decode(fields::text(object, "data_base64")?).map_err(|_| invalid_base64())?;
            parse_json("data_base64", &String::from_utf8(bytes).map_err(|_| invalid_base64())?)?
        }
    };
    require_object("data", data)
}

/// Adds `id` and `requested_at` from an envelope if the message has none.
fn with_default_version(
    mut message: Map<String, Value>,
    id: Option<&Value>,
    time: Option<&Value>,
) -> Map<String, Value> {
    for (field, default) in [("id", id.map(signup_id)), ("requested_at", time.cloned())] {
        if let (None, Some(value)) = (fields::optional(&message, field), default) {
            message.insert(field.to_owned(), value);
        }
    }
    message
}

/// Returns the id of an envelope as that of a sign-up, whose grammar is narrower: an id that does not fit is hashed.
fn signup_id(id: &Value) -> Value {
    let text = match id {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.is_empty() || SignupId::parse(&text).is_ok() {
        return text.into();
    }
    format!("envelope-{}", URL_SAFE_NO_PAD.encode(&Sha256::digest(&text)[..16])).into()
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
