//! How a press travels on the queue: what the broker or the web server was given, as it was, with where and when.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::domain::invalid::{FieldProblem, InvalidField};
use crate::domain::timestamp::Timestamp;
use crate::formats::fields;

/// `{"topic": "shellies/…", "payload": base64, "received_at": ms}`, as the IoT rule and the MQTT client write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The MQTT topic.
    pub topic: String,
    /// Whatever bytes the button sent.
    pub payload: Vec<u8>,
    /// By the clock of whoever took it from the button, whose own is often wrong.
    pub received_at: Timestamp,
}

impl Envelope {
    /// The body of the message on the queue; [`Envelope::open`] reads it back.
    pub fn write(&self) -> String {
        let Self { topic, payload, received_at } = self;
        json!({"topic": topic, "payload": STANDARD.encode(payload), "received_at": received_at.as_millis()}).to_string()
    }

    /// Whether a message's fields are meant as an envelope, and not as a sign-up with fields that nobody knows.
    pub fn is_meant(fields: &Map<String, Value>) -> bool {
        let has = |field| fields.contains_key(field);
        has("topic") && has("payload") && !has("event") && !has("name")
    }

    /// # Errors
    /// The first field that is wrong.
    pub fn open(fields: &Map<String, Value>) -> Result<Self, InvalidField> {
        let payload = STANDARD.decode(fields::text(fields, "payload")?);
        let received_at = match fields.get("received_at") {
            Some(value) => value.as_i64().ok_or(FieldProblem::NotATime).and_then(Timestamp::from_millis),
            None => Err(FieldProblem::Missing),
        };
        Ok(Self {
            topic: fields::text(fields, "topic")?.to_owned(),
            payload: payload.map_err(|_| {
                FieldProblem::WrongType { expected: "base64", found: "something else" }.in_field("payload")
            })?,
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
    fn any_bytes_come_back_as_they_were() {
        let received_at = Timestamp::parse_rfc3339("2026-11-25T18:00:00.123Z").unwrap();
        let envelope =
            Envelope { topic: "zigbee2mqtt/Küche/action".to_owned(), payload: vec![0, 255, b'{'], received_at };
        let written = fields(&envelope.write());
        assert!(Envelope::is_meant(&written));
        assert_eq!(Envelope::open(&written), Ok(envelope));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refused = |body| Envelope::open(&fields(body)).unwrap_err().field;
        assert_eq!(refused(r#"{"topic": "t", "payload": "%", "received_at": 1}"#), "payload");
        assert_eq!(refused(r#"{"topic": 1, "payload": "", "received_at": 1795629600000}"#), "topic");
        assert_eq!(refused(r#"{"topic": "t", "payload": ""}"#), "received_at");
        assert_eq!(refused(r#"{"topic": "t", "payload": "", "received_at": "now"}"#), "received_at");
    }
}
