//! What a rejected message says, as far as it can be read.

use serde_json::{Map, Value};

use crate::domain::button::{Press, Serial};
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::signup::Action;
use crate::domain::timestamp::Timestamp;
use crate::formats::button::message::ButtonMessage;
use crate::formats::button::{Decoded, decode};
use crate::formats::message;
use crate::ports::RejectedMessage;

/// The kinds of contacts in a message.
const CONTACT_KINDS: [&str; 3] = ["email", "sms", "webhook"];

/// The content of a rejected message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RejectedContent {
    Signup(RejectedSignup),
    Press {
        press: Press,
        pressed_at: Timestamp,
    },
    /// A button reported an unknown action.
    UnknownAction {
        serial: Serial,
        action: String,
        pressed_at: Timestamp,
    },
    /// Neither a sign-up nor a press of a supported button.
    Unreadable,
}

/// The fields of a sign-up, of which some may be invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedSignup {
    pub event: Option<String>,
    pub name: Option<String>,
    /// `None` if there is no such action.
    pub action: Option<Action>,
    /// The kinds of contact that the message has: `email`, `sms` and `webhook`.
    pub contacts: Vec<&'static str>,
    /// As it is in the message, which may not be a number.
    pub guests: Option<String>,
    pub answer: Option<String>,
    pub note: Option<String>,
    /// `None` if there is no such channel.
    pub channel: Option<Channel>,
    pub requested_at: Timestamp,
}

impl RejectedMessage {
    pub fn content(&self) -> RejectedContent {
        if let Some(envelope) = self.button_message() {
            let pressed_at = envelope.received_at.min(self.arrived_at);
            return match decode(&envelope) {
                Ok(Decoded::Press(press)) => RejectedContent::Press { press, pressed_at },
                Ok(Decoded::NotUnderstood { serial, action }) => {
                    RejectedContent::UnknownAction { serial, action, pressed_at }
                }
                Ok(Decoded::NotAPress) | Err(_) => RejectedContent::Unreadable,
            };
        }
        match message::parse_json(&self.body) {
            Ok(fields) if is_signup(&fields) => RejectedContent::Signup(self.signup(&fields)),
            _ => RejectedContent::Unreadable,
        }
    }

    fn signup(&self, fields: &Map<String, Value>) -> RejectedSignup {
        let text = |field| fields.get(field).and_then(Value::as_str);
        let filled = |field| text(field).filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let requested_at = fields.get("requested_at").and_then(|value| message::parse_time(value).ok());
        RejectedSignup {
            event: filled("event"),
            name: filled("name"),
            action: fields.get("action").filter(|value| !value.is_null()).map_or(Some(Action::SignUp), choice_of),
            contacts: fields.get("contact").map(contact_kinds).unwrap_or_default(),
            guests: fields.get("guests").filter(|value| !value.is_null()).map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }),
            answer: filled("answer"),
            note: filled("note"),
            channel: fields.get("channel").filter(|value| !value.is_null()).map_or(Some(Channel::Queue), choice_of),
            requested_at: requested_at.map_or(self.arrived_at, |time| time.min(self.arrived_at)),
        }
    }
}

fn is_signup(fields: &Map<String, Value>) -> bool {
    !ButtonMessage::matches(fields) && (fields.contains_key("event") || fields.contains_key("name"))
}

fn choice_of<T: std::str::FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

fn contact_kinds(contact: &Value) -> Vec<&'static str> {
    match contact {
        Value::Object(members) => {
            let has = |kind: &&str| members.get(*kind).is_some_and(|address| !address.is_null());
            CONTACT_KINDS.into_iter().filter(has).collect()
        }
        Value::String(line) => Contact::from_line(line).map(|contact| contact.kind()).into_iter().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::button::PressKind;

    fn content(body: &str) -> RejectedContent {
        let at = Timestamp::parse_rfc3339("2026-11-23T12:00:00Z").unwrap();
        let message = RejectedMessage {
            id: "m1".into(),
            latest_message: "m1".into(),
            count: 1,
            body: body.into(),
            reason: String::new(),
            arrived_at: at,
            rejected_at: at,
        };
        message.content()
    }

    #[test]
    fn invalid_signup_is_read_as_far_as_possible() {
        let body = json!({
            "event": "Dance", "name": " ", "action": "leave", "contact": {"email": "nowhere", "sms": null, "fax": "1"},
            "guests": 40, "answer": "yes", "note": null, "channel": "alexa", "requested_at": "2026-11-23T11:00:00Z",
        });
        let RejectedContent::Signup(signup) = content(&body.to_string()) else { panic!("it is a sign-up") };
        assert_eq!((signup.event.as_deref(), signup.name.as_deref()), (Some("Dance"), None));
        assert_eq!((signup.action, signup.channel), (None, Some(Channel::Alexa)));
        assert_eq!(signup.contacts, ["email"]);
        assert_eq!((signup.guests.as_deref(), signup.answer.as_deref(), signup.note), (Some("40"), Some("yes"), None));
        assert_eq!(signup.requested_at, Timestamp::parse_rfc3339("2026-11-23T11:00:00Z").unwrap());
        let RejectedContent::Signup(signup) = content(r#"{"name": 7}"#) else { panic!("it is a sign-up") };
        assert_eq!((signup.event, signup.action, signup.channel), (None, Some(Action::SignUp), Some(Channel::Queue)));
    }

    #[test]
    fn press_is_decoded() {
        let body =
            json!({"topic": "zigbee2mqtt/kitchen/action", "payload": "c2luZ2xl", "received_at": 1_795_431_600_000_i64});
        let RejectedContent::Press { press, .. } = content(&body.to_string()) else { panic!("it is a press") };
        assert_eq!((press.serial.as_str(), press.kind), ("kitchen", PressKind::Single));
        let unknown = json!({"topic": "x", "payload": "e30=", "received_at": 1_795_431_600_000_i64});
        for body in [unknown.to_string().as_str(), "Dance, please", "[]", "{}"] {
            assert_eq!(content(body), RejectedContent::Unreadable, "{body}");
        }
    }
}
