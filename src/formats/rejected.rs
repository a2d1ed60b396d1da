//! A message that can never succeed, kept whole until somebody corrects it or throws it away.

use serde_json::{Map, Value};

use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::signup::Signup;
use crate::formats::button::envelope::Envelope;
use crate::formats::message;
use crate::formats::message::Malformed;
use crate::ports::{Delivery, Reject};

impl Reject {
    /// The message to send again, with the fields in `corrections` set (`null` takes one out).
    ///
    /// It keeps the original id and arrival time, so that an old message never becomes the newest. A body
    /// that holds no message is replaced by the corrections alone.
    ///
    /// # Errors
    /// What would be wrong with it still.
    pub fn corrected(&self, corrections: Map<String, Value>) -> Result<Signup, Malformed> {
        let mut fields = match message::open(&self.body) {
            Ok(fields) => fields,
            Err(error) if corrections.is_empty() => return Err(error),
            Err(_) => Map::new(),
        };
        fields.extend(corrections);
        message::parse(&Delivery {
            message_id: self.id.clone(),
            receipt: String::new(),
            body: Value::Object(fields).to_string(),
            arrived_at: self.arrived_at,
            receive_count: 0,
        })
    }

    /// The press of a button that it was, if it was one.
    pub fn press(&self) -> Option<Envelope> {
        let fields = message::open(&self.body).ok().filter(Envelope::is_meant)?;
        Envelope::open(&fields).ok()
    }

    /// Whether the message is about this person, on this event if one is given, as far as it can be read.
    pub fn is_about(&self, name: &NameKey, event: Option<&EventId>) -> bool {
        let Ok(fields) = message::open(&self.body) else { return false };
        let text = |field| fields.get(field).and_then(Value::as_str);
        let named = text("name").and_then(|text| NameKey::of(text).ok());
        let of_event = text("event").and_then(|text| EventId::parse(text).ok());
        named.as_ref() == Some(name) && (event.is_none() || of_event.as_ref() == event)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::signup::Action;
    use crate::domain::timestamp::Timestamp;

    fn reject(body: &str) -> Reject {
        let at = Timestamp::parse_rfc3339("2026-11-23T12:00:00Z").unwrap();
        Reject { id: "m1".into(), body: body.into(), reason: String::new(), arrived_at: at, rejected_at: at }
    }

    fn set(corrections: Value) -> Map<String, Value> {
        corrections.as_object().unwrap().clone()
    }

    #[test]
    fn a_corrected_message_keeps_its_id_and_its_time() {
        let broken = reject(r#"{"event": "Dance", "name": "", "action": "cancel"}"#);
        let signup = broken.corrected(set(json!({"name": "Ada"}))).unwrap();
        assert_eq!((signup.name.as_str(), signup.request.action()), ("Ada", Action::Cancel));
        assert_eq!((signup.version.id.as_str(), signup.version.requested_at), ("m1", broken.arrived_at));
    }

    #[test]
    fn a_correction_cannot_make_a_message_newer() {
        let broken = reject(r#"{"event": "Dance"}"#);
        let signup = broken.corrected(set(json!({"name": "Ada", "requested_at": "2099-01-01T00:00:00Z"}))).unwrap();
        assert_eq!(signup.version.requested_at, broken.arrived_at);
    }

    #[test]
    fn a_field_can_be_taken_out_and_an_envelope_is_opened() {
        let inner = r#"{"event": "Dance", "name": "Ada", "contact": {"fax": "1"}}"#;
        let broken = reject(&json!({"Type": "Notification", "MessageId": "sns-1", "Message": inner}).to_string());
        let signup = broken.corrected(set(json!({"contact": null}))).unwrap();
        assert_eq!((signup.name.as_str(), signup.version.id.as_str()), ("Ada", "sns-1"));
    }

    #[test]
    fn what_was_no_message_is_replaced() {
        let broken = reject("Dance, please");
        assert!(broken.corrected(Map::new()).is_err());
        assert!(broken.corrected(set(json!({"event": "Dance"}))).is_err());
        assert!(broken.corrected(set(json!({"event": "Dance", "name": "Ada"}))).is_ok());
    }
}
