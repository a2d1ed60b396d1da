//! The JSON message on the queue, from this program or from any other publisher.
//!
//! A message may be inside an SNS notification or a CloudEvents 1.0 envelope in JSON.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::invalid::{FieldProblem, InvalidField, choice};
use crate::domain::signup::{Action, Request, Signup, SignupId, Version};
use crate::domain::timestamp::Timestamp;
use crate::formats::{contact, envelopes, fields};
use crate::ports::Delivery;

/// A sign-up message. Unknown fields are ignored.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Count Me In sign-up message", extend("examples" = [{"event": "Dance", "name": "Melvin"}]))]
pub struct Message {
    /// The event: at most 64 letters, digits, spaces, `-` and `_`. `Pizza Night` is `pizza_night`.
    #[schemars(length(min = 1))]
    pub event: String,
    /// The attendee's name: at most 80 characters, no control characters, not beginning with `#`.
    #[schemars(length(min = 1))]
    pub name: String,
    /// `sign_up` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Where notifications go: exactly one address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(schema_with = "contact_schema")]
    pub contact: Option<ContactText>,
    /// When the person made the request; the queue's arrival time if absent or later than that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(schema_with = "time_schema")]
    pub requested_at: Option<TimeText>,
    /// Identifies the request: a message with the same id is a duplicate. The queue's message id if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[!-~]+$"))]
    pub id: Option<String>,
    /// `queue` if absent. With `http` the message has only the rights of the public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The id of the sign-up that began the registration: the message then applies to that registration alone.
    // The field keeps its old name, since functions of two versions read one queue during a deployment.
    #[serde(rename = "stay", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[!-~]+$"))]
    pub registration: Option<String>,
    /// Only with `stay`, and without `contact`: whether the registration's contact gets notifications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<bool>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactText {
    Email(String),
    Sms(String),
    Webhook(String),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TimeText {
    Rfc3339(String),
    Millis(i64),
}

/// The schema of what [`contact::from_json`] accepts: a member that is `null` counts as absent.
fn contact_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "email": { "description": "Like `ana@example.org`.", "type": ["string", "null"] },
                    "sms": { "description": "International form (E.164), like `+14155552671`.", "type": ["string", "null"] },
                    "webhook": { "description": "An https address.", "type": ["string", "null"] },
                },
                "additionalProperties": { "type": "null" },
                "oneOf": [
                    { "properties": { "email": { "type": "string" } }, "required": ["email"] },
                    { "properties": { "sms": { "type": "string" } }, "required": ["sms"] },
                    { "properties": { "webhook": { "type": "string" } }, "required": ["webhook"] },
                ],
            },
            { "type": "null" },
        ],
    })
}

fn time_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "description": "RFC 3339, like `2026-01-31T18:00:00Z`.", "type": "string", "format": "date-time" },
            {
                "description": "Milliseconds since 1970.",
                "type": "integer",
                "minimum": Timestamp::EARLIEST.as_millis(),
                "maximum": Timestamp::LATEST.as_millis(),
            },
            { "type": "null" },
        ],
    })
}

/// Why a message is not a sign-up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the message is not JSON ({0}); send an object like {{\"event\": \"Dance\", \"name\": \"Melvin\"}}")]
    NotJson(String),
    #[error("the message is {0}, not a JSON object; send one like {{\"event\": \"Dance\", \"name\": \"Melvin\"}}")]
    NotAnObject(&'static str),
    #[error(transparent)]
    InvalidField(#[from] InvalidField),
}

/// Parses a delivery. An absent id or time comes from the delivery. A time after the arrival becomes the arrival time.
pub fn parse(delivery: &Delivery) -> Result<Signup, Malformed> {
    read(&open(&delivery.body)?, delivery)
}

/// Parses the [opened](open) fields of a delivery.
pub fn read(message: &Map<String, Value>, delivery: &Delivery) -> Result<Signup, Malformed> {
    let id = match fields::optional_parsed(message, "id", SignupId::parse)? {
        Some(id) => id,
        None => SignupId::parse(&delivery.message_id).map_err(|problem| problem.in_field("id"))?,
    };
    let requested_at = match fields::optional(message, "requested_at") {
        Some(value) => time(value).map_err(|problem| problem.in_field("requested_at"))?.min(delivery.arrived_at),
        None => delivery.arrived_at,
    };
    Ok(from_fields(message, Version { requested_at, id }, Channel::Queue)?)
}

/// The fields of the message in a body, without its envelopes. An envelope's id and time are among the fields unless the
/// message has its own.
pub fn open(body: &str) -> Result<Map<String, Value>, Malformed> {
    let value = serde_json::from_str(body).map_err(|error| Malformed::NotJson(error.to_string()))?;
    let Value::Object(object) = value else {
        return Err(Malformed::NotAnObject(fields::kind_of(&value)));
    };
    Ok(envelopes::unwrap(object)?)
}

/// A sign-up from a message's fields, with the given version.
///
/// # Errors
/// The first invalid field.
pub fn from_fields(fields: &Map<String, Value>, version: Version, default: Channel) -> Result<Signup, InvalidField> {
    let event = fields::parsed(fields, "event", Event::parse)?;
    let name = fields::parsed(fields, "name", AttendeeName::parse)?;
    let action = fields::optional_parsed(fields, "action", choice)?.unwrap_or(Action::SignUp);
    let channel = fields::optional_parsed(fields, "channel", choice)?.unwrap_or(default);
    let registration = fields::optional_parsed(fields, "stay", SignupId::parse)?;
    let contact = fields::optional(fields, "contact").map(contact::from_json).transpose()?;
    let notify = fields::optional_flag(fields, "notify")?;
    let request = match (action, registration, channel) {
        (Action::SignUp, Some(registration), _) => match notify {
            None => Request::SetContact { registration, contact },
            Some(on) => Request::SetNotifications { registration, on },
        },
        (Action::SignUp, None, Channel::Http) => Request::SignUp { contact },
        (Action::SignUp, None, _) => Request::TrustedSignUp { contact },
        (Action::Cancel, Some(registration), _) => Request::CancelRegistration { registration },
        (Action::Cancel, None, Channel::Http) => return Err(FieldProblem::RegistrationNeeded.in_field("stay")),
        (Action::Cancel, None, _) => Request::Cancel,
        (Action::SendLink, ..) => Request::SendLink,
    };
    Ok(Signup { version, event, name, channel, request })
}

fn time(value: &Value) -> Result<Timestamp, FieldProblem> {
    match value {
        Value::String(text) => Timestamp::parse_rfc3339(text),
        Value::Number(number) => Timestamp::from_millis(number.as_i64().ok_or(FieldProblem::NotATime)?),
        other => Err(FieldProblem::WrongType { expected: "text or a number", found: fields::kind_of(other) }),
    }
}

/// The message that [`parse`] parses to the same sign-up.
pub fn write(signup: &Signup) -> String {
    let (contact, registration, notify) = match &signup.request {
        Request::SignUp { contact } | Request::TrustedSignUp { contact } => (contact.as_ref(), None, None),
        Request::SetContact { registration, contact } => (contact.as_ref(), Some(registration), None),
        Request::CancelRegistration { registration } => (None, Some(registration), None),
        Request::SetNotifications { registration, on } => (None, Some(registration), Some(*on)),
        Request::Cancel | Request::SendLink => (None, None, None),
    };
    let message = Message {
        event: signup.event.title().to_owned(),
        name: signup.name.as_str().to_owned(),
        action: Some(signup.request.action()).filter(|action| *action != Action::SignUp),
        contact: contact.map(|contact| match contact.clone() {
            Contact::Email(address) => ContactText::Email(address),
            Contact::Sms(number) => ContactText::Sms(number),
            Contact::Webhook(url) => ContactText::Webhook(url),
        }),
        requested_at: Some(TimeText::Millis(signup.version.requested_at.as_millis())),
        id: Some(signup.version.id.as_str().to_owned()),
        channel: Some(signup.channel),
        registration: registration.map(|registration| registration.as_str().to_owned()),
        notify,
    };
    serde_json::to_string(&message).expect("a message is plain data")
}

/// The JSON Schema (2020-12) of [`Message`], as `docs/signup.schema.json` publishes it.
pub fn schema() -> Schema {
    schemars::schema_for!(Message)
}

#[cfg(test)]
mod tests;
