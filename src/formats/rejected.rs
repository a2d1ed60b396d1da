//! Parses and corrects rejected messages.

use serde_json::{Map, Value};

use crate::domain::attendee_name::NameKey;
use crate::domain::contact::Contact;
use crate::domain::event::EventId;
use crate::domain::signup::Signup;
use crate::formats::button::message::ButtonMessage;
use crate::formats::message;
use crate::formats::message::Malformed;
use crate::ports::{Deferrals, Delivery, RejectedMessage};

impl RejectedMessage {
    /// Replaces fields of this message by those in `corrections` and parses the result as
    /// a sign-up. A correction that is `null` removes its field.
    ///
    /// The sign-up keeps the original id and arrival time, so an old message cannot become the newest request. If the
    /// original body is not a JSON object, the corrections replace it as a whole.
    ///
    /// # Errors
    /// Returns the first problem that the corrected message still has.
    pub fn corrected(&self, corrections: Map<String, Value>) -> Result<Signup, Malformed> {
        let mut fields = match message::parse_json(&self.body) {
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
            deferrals: Deferrals::default(),
        })
    }

    /// Returns `None` if this is not a valid message of a button.
    pub fn button_message(&self) -> Option<ButtonMessage> {
        let fields = message::parse_json(&self.body).ok().filter(ButtonMessage::matches)?;
        ButtonMessage::parse(&fields).ok()
    }

    /// The event that the message names. Returns `None` if the message names none or cannot be parsed.
    pub fn event(&self) -> Option<EventId> {
        let fields = message::parse_json(&self.body).ok()?;
        EventId::parse(fields.get("event")?.as_str()?).ok()
    }

    /// Whether the message has this name and, if `event` is `Some`, this event. A
    /// name or event that cannot be parsed does not match.
    pub fn is_about(&self, name: &NameKey, event: Option<&EventId>) -> bool {
        let Ok(fields) = message::parse_json(&self.body) else { return false };
        let text = |field| fields.get(field).and_then(Value::as_str);
        let message_name = text("name").and_then(|text| NameKey::of(text).ok());
        let is_name = |found: NameKey| found.refolded() == name.refolded();
        let message_event = text("event").and_then(|text| EventId::parse(text).ok());
        message_name.is_some_and(is_name) && (event.is_none() || message_event.as_ref() == event)
    }

    /// Whether the message has this address as a contact and, if `event` is `Some`, this event. It may be one of several
    /// addresses, for which the message was rejected. A message that cannot be parsed does not match.
    pub fn has_contact(&self, address: &Contact, event: Option<&EventId>) -> bool {
        let Ok(fields) = message::parse_json(&self.body) else { return false };
        let is_address = |value: &Value| {
            let contact = value.as_str().and_then(|text| Contact::from_line(text).ok());
            contact.is_some_and(|contact| contact.reaches_same_address(address))
        };
        let is_contact = match fields.get("contact") {
            Some(Value::Object(contact)) => contact.values().any(is_address),
            Some(contact) => is_address(contact),
            None => false,
        };
        is_contact && (event.is_none() || self.event().as_ref() == event)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::signup::Action;
    use crate::domain::timestamp::Timestamp;

    fn rejected(body: &str) -> RejectedMessage {
        let at = Timestamp::parse_rfc3339("2026-11-23T12:00:00Z").unwrap();
        RejectedMessage {
            id: "m1".into(),
            latest_message: "m1".into(),
            count: 1,
            body: body.into(),
            reason: String::new(),
            arrived_at: at,
            rejected_at: at,
        }
    }

    fn object(corrections: Value) -> Map<String, Value> {
        corrections.as_object().unwrap().clone()
    }

    #[test]
    fn correction_keeps_id_and_time() {
        let message = rejected(r#"{"event": "Dance", "name": "", "action": "cancel"}"#);
        let signup = message.corrected(object(json!({"name": "Ada"}))).unwrap();
        assert_eq!((signup.name.as_str(), signup.request.action()), ("Ada", Action::Cancel));
        assert_eq!((signup.version.id.as_str(), signup.version.requested_at), ("m1", message.arrived_at));
    }

    #[test]
    fn correction_cannot_make_message_newer() {
        let message = rejected(r#"{"event": "Dance"}"#);
        let signup = message.corrected(object(json!({"name": "Ada", "requested_at": "2099-01-01T00:00:00Z"}))).unwrap();
        assert_eq!(signup.version.requested_at, message.arrived_at);
    }

    #[test]
    fn correction_removes_field_in_envelope() {
        let inner = r#"{"event": "Dance", "name": "Ada", "contact": {"fax": "1"}}"#;
        let message = rejected(&json!({"Type": "Notification", "MessageId": "sns-1", "Message": inner}).to_string());
        let signup = message.corrected(object(json!({"contact": null}))).unwrap();
        assert_eq!((signup.name.as_str(), signup.version.id.as_str()), ("Ada", "sns-1"));
    }

    #[test]
    fn address_is_found_in_any_form() {
        let ana = Contact::from_line("ana@example.org").unwrap();
        let dance = EventId::parse("Dance").unwrap();
        for contact in [
            json!("ANA@example.org"),
            json!({"email": "Ana@Example.org"}),
            json!({"email": "ana@example.org", "fax": "1"}),
            json!({"sms": "ana@example.org"}),
        ] {
            let message = rejected(&json!({"event": "Dance", "contact": contact}).to_string());
            assert!(message.has_contact(&ana, None) && message.has_contact(&ana, Some(&dance)), "{contact}");
            assert!(!message.has_contact(&ana, Some(&EventId::parse("Pizza").unwrap())), "{contact}");
        }
        for body in
            ["ana@example.org", r#"{"name": "ana@example.org"}"#, r#"{"contact": {"email": "ben@example.org"}}"#]
        {
            assert!(!rejected(body).has_contact(&ana, None), "{body}");
        }
    }

    #[test]
    fn corrections_replace_invalid_body() {
        let message = rejected("Dance, please");
        assert!(message.corrected(Map::new()).is_err());
        assert!(message.corrected(object(json!({"event": "Dance"}))).is_err());
        assert!(message.corrected(object(json!({"event": "Dance", "name": "Ada"}))).is_ok());
    }
}
