//! Writes and parses a button's message on the queue: the unchanged payload with its topic and time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::domain::invalid::{FieldProblem, InvalidField};
use crate::domain::timestamp::Timestamp;
use crate::formats::fields;

/// A message `{"topic": "shellies/…", "payload": base64, "received_at": ms}`. The MQTT
/// client and the AWS IoT rule send it to the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ButtonMessage {
    /// The MQTT topic.
    pub topic: String,
    /// The unchanged bytes from the button.
    pub payload: Vec<u8>,
    /// The time at which the server or broker received the message. The clocks of buttons are often wrong.
    pub received_at: Timestamp,
}

impl ButtonMessage {
    /// Writes the body of the queue message. [`ButtonMessage::parse`] is the inverse.
    pub fn write(&self) -> String {
        let Self { topic, payload, received_at } = self;
        json!({"topic": topic, "payload": STANDARD.encode(payload), "received_at": received_at.as_millis()}).to_string()
    }

    /// Whether these are the fields of a button's message. A message with
    /// `event` or `name` is a sign-up with unknown fields.
    pub fn matches(fields: &Map<String, Value>) -> bool {
        let has = |field| fields.contains_key(field);
        has("topic") && has("payload") && !has("event") && !has("name")
    }

    /// # Errors
    /// Returns the first invalid field.
    pub fn parse(fields: &Map<String, Value>) -> Result<Self, InvalidField> {
        let payload = STANDARD.decode(fields::text(fields, "payload")?);
        let received_at = match fields.get("received_at") {
            Some(value) => value.as_i64().ok_or(FieldProblem::NotATime).and_then(Timestamp::from_millis),
            None => Err(FieldProblem::Missing),
        };
        Ok(Self {
            topic: fields::text(fields, "topic")?.to_owned(),
            payload: payload
                .map_err(|_| FieldProblem::WrongType { expected: "base64", found: "other text" }.in_field("payload"))?,
            received_at: received_at.map_err(|problem| problem.in_field("received_at"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(body: &str) -> Map<String, Value> {
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn payload_bytes_round_trip() {
        let received_at = Timestamp::parse_rfc3339("2026-11-25T18:00:00.123Z").unwrap();
        let message =
            ButtonMessage { topic: "zigbee2mqtt/Küche/action".to_owned(), payload: vec![0, 255, b'{'], received_at };
        let written = fields(&message.write());
        assert!(ButtonMessage::matches(&written));
        assert_eq!(ButtonMessage::parse(&written), Ok(message));
    }

    #[test]
    fn error_names_invalid_field() {
        let invalid_field = |body| ButtonMessage::parse(&fields(body)).unwrap_err().field;
        assert_eq!(invalid_field(r#"{"topic": "t", "payload": "%", "received_at": 1}"#), "payload");
        assert_eq!(invalid_field(r#"{"topic": 1, "payload": "", "received_at": 1795629600000}"#), "topic");
        assert_eq!(invalid_field(r#"{"topic": "t", "payload": ""}"#), "received_at");
        assert_eq!(invalid_field(r#"{"topic": "t", "payload": "", "received_at": "now"}"#), "received_at");
    }
}
