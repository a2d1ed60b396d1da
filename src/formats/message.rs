//! Parses and writes the JSON message on the queue. This program and other publishers send it.
//!
//! A message may be in an envelope: an SNS notification or a CloudEvents 1.0 event in JSON.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::client_network::ClientNetwork;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::invalid::{FieldProblem, InvalidField, choice};
use crate::domain::signup::{Action, Request, Signup, SignupId, Version};
use crate::domain::timestamp::Timestamp;
use crate::formats::registration_details::RegistrationFields;
use crate::formats::{contact, envelopes, fields, registration_details};
use crate::ports::Delivery;

/// A sign-up message. Unknown fields are ignored.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Count Me In sign-up message", extend("examples" = [{"event": "Dance", "name": "Melvin"}]))]
pub struct Message {
    /// The event's title: at most 120 characters, with at least one letter or digit. Case, spaces and punctuation do not
    /// matter: `Pizza Night!` and `pizza_night` are the same event.
    #[schemars(length(min = 1))]
    pub event: String,
    /// The attendee's name: at most 80 characters, no control characters, not beginning with `#`.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The requested action. If absent, it is `sign_up`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// The contact that receives notifications: exactly one email address, phone number or webhook.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(schema_with = "contact_schema")]
    pub contact: Option<ContactField>,
    #[serde(flatten)]
    pub details: RegistrationFields,
    /// The time of the request. If absent or later than the message's arrival on the queue, the arrival time is used.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(schema_with = "time_schema")]
    pub requested_at: Option<TimeField>,
    /// The id of the request. A message with the same id is a duplicate. If absent, the queue's message id is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[!-~]+$"))]
    pub id: Option<String>,
    /// The channel of the request. If absent, it is `queue`. `http` grants only the rights of an anonymous visitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The id of the sign-up that began a registration. The message then changes that registration only.
    // The JSON field must keep its old name, because functions of two versions read the same queue during a deployment.
    #[serde(rename = "stay", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[!-~]+$"))]
    pub registration: Option<String>,
    /// Turns a registration's notifications on or off. Only used together with `stay`; `contact` is then ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<bool>,
    /// Says that the owner of `contact` has confirmed notifications about this registration. Together with `stay` and
    /// `notify`, it confirms the registration's present contact. Only this program sends it; it has no effect on the
    /// sign-ups of trusted channels, which confirm their contacts anyway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
    /// The network of the client that gave `contact`: 16 bits of a keyed hash. Only this program sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_network: Option<u16>,
}

/// The contact, as `{"email": …}`, `{"sms": …}` or `{"webhook": …}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactField {
    Email(String),
    Sms(String),
    Webhook(String),
}

/// The time of a request, as RFC 3339 text or in milliseconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TimeField {
    Rfc3339(String),
    Millis(i64),
}

/// The schema of the JSON that [`contact::from_json`] accepts. Members that are `null` count as absent.
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

/// Why a message cannot be parsed as a sign-up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the message is not JSON ({0}); send an object like {{\"event\": \"Dance\", \"name\": \"Melvin\"}}")]
    NotJson(String),
    #[error("the message is {0}, not a JSON object; send one like {{\"event\": \"Dance\", \"name\": \"Melvin\"}}")]
    NotAnObject(&'static str),
    #[error(transparent)]
    InvalidField(#[from] InvalidField),
}

/// Parses the body of a delivery.
///
/// If the message has no id or time, those of the delivery are used. A time
/// after the arrival is replaced by the arrival time.
pub fn parse(delivery: &Delivery) -> Result<Signup, Malformed> {
    parse_fields(&parse_json(&delivery.body)?, delivery)
}

/// Parses a delivery whose body was parsed with [`parse_json`].
pub fn parse_fields(message: &Map<String, Value>, delivery: &Delivery) -> Result<Signup, Malformed> {
    let id = match fields::optional_parsed(message, "id", SignupId::parse)? {
        Some(id) => id,
        None => SignupId::parse(&delivery.message_id).map_err(|problem| problem.in_field("id"))?,
    };
    let requested_at = match fields::optional(message, "requested_at") {
        Some(value) => parse_time(value).map_err(|problem| problem.in_field("requested_at"))?.min(delivery.arrived_at),
        None => delivery.arrived_at,
    };
    Ok(from_fields(message, Version { requested_at, id }, Channel::Queue)?)
}

/// Parses a body as a JSON object and removes the envelopes. If the message has no `id` or `requested_at`, those of the
/// envelope are used.
pub fn parse_json(body: &str) -> Result<Map<String, Value>, Malformed> {
    // Some programs write a byte order mark, which is not JSON.
    let body = body.strip_prefix('\u{feff}').unwrap_or(body);
    let value = serde_json::from_str(body).map_err(|error| Malformed::NotJson(error.to_string()))?;
    let Value::Object(object) = value else {
        return Err(Malformed::NotAnObject(fields::kind_of(&value)));
    };
    Ok(envelopes::unwrap(object)?)
}

/// Builds a sign-up with the given version from the other fields of a message.
/// `default` is the channel if the message has none.
///
/// # Errors
/// Returns the first invalid field.
pub fn from_fields(
    fields: &Map<String, Value>,
    version: Version,
    default_channel: Channel,
) -> Result<Signup, InvalidField> {
    let event = fields::parsed(fields, "event", Event::parse)?;
    let name = fields::parsed(fields, "name", AttendeeName::parse)?;
    let action = fields::optional_parsed(fields, "action", choice)?.unwrap_or(Action::SignUp);
    let channel = fields::optional_parsed(fields, "channel", choice)?.unwrap_or(default_channel);
    let registration = fields::optional_parsed(fields, "stay", SignupId::parse)?;
    let contact = contact::of_message(fields)?;
    let notify = fields::optional_bool(fields, "notify")?;
    let confirmed = fields::optional_bool(fields, "confirmed")? == Some(true) && contact.is_some();
    let details = registration_details::parse(fields)?;
    let request = match (action, registration, channel) {
        (Action::SignUp, Some(registration), _) => match (notify, contact) {
            (None, contact) => Request::SetContact { registration, contact, confirmed },
            // A function of an older version reads this message as `SetNotifications`.
            (Some(true), Some(contact)) if confirmed => Request::ConfirmContact { registration, contact },
            (Some(on), _) => Request::SetNotifications { registration, on },
        },
        (Action::SignUp, None, Channel::Http) => Request::SignUp { contact, confirmed, details },
        (Action::SignUp, None, _) => Request::TrustedSignUp { contact, details },
        (Action::Change, Some(registration), _) => Request::SetDetails { registration, details },
        (Action::Change, None, _) => return Err(FieldProblem::MissingRegistration.in_field("stay")),
        (Action::Cancel, Some(registration), _) => Request::CancelRegistration { registration },
        (Action::Cancel, None, Channel::Http) => return Err(FieldProblem::MissingRegistration.in_field("stay")),
        (Action::Cancel, None, _) => Request::Cancel,
        (Action::SendLink, ..) => Request::SendLink,
    };
    let network = fields::optional(fields, "client_network").map(parse_network).transpose();
    let network = network.map_err(|problem| problem.in_field("client_network"))?;
    let network = network.filter(|_| channel == Channel::Http);
    Ok(Signup { version, event, name, channel, network, request })
}

/// Parses a time as RFC 3339 text or in milliseconds since 1970.
pub fn parse_time(value: &Value) -> Result<Timestamp, FieldProblem> {
    match value {
        Value::String(text) => Timestamp::parse_rfc3339(text),
        Value::Number(number) => Timestamp::from_millis(number.as_i64().ok_or(FieldProblem::NotATime)?),
        other => Err(FieldProblem::WrongType { expected: "text or a number", found: fields::kind_of(other) }),
    }
}

fn parse_network(value: &Value) -> Result<ClientNetwork, FieldProblem> {
    let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
    number.map(ClientNetwork::from_stored).ok_or(FieldProblem::NotInRange { least: 0, most: u16::MAX.into() })
}

/// Writes a sign-up as a message. [`parse`] returns the same sign-up for it.
pub fn write(signup: &Signup) -> String {
    let (contact, registration, notify, details) = match &signup.request {
        Request::SignUp { contact, details, .. } | Request::TrustedSignUp { contact, details } => {
            (contact.as_ref(), None, None, Some(details))
        }
        Request::SetContact { registration, contact, .. } => (contact.as_ref(), Some(registration), None, None),
        Request::ConfirmContact { registration, contact } => (Some(contact), Some(registration), Some(true), None),
        Request::CancelRegistration { registration } => (None, Some(registration), None, None),
        Request::SetNotifications { registration, on } => (None, Some(registration), Some(*on), None),
        Request::SetDetails { registration, details } => (None, Some(registration), None, Some(details)),
        Request::Cancel | Request::SendLink => (None, None, None, None),
    };
    let confirmed = matches!(
        signup.request,
        Request::SignUp { confirmed: true, .. }
            | Request::SetContact { confirmed: true, .. }
            | Request::ConfirmContact { .. }
    );
    let message = Message {
        event: signup.event.spelling().to_owned(),
        name: signup.name.as_str().to_owned(),
        action: Some(signup.request.action()).filter(|action| *action != Action::SignUp),
        contact: contact.map(|contact| match contact.clone() {
            Contact::Email(address) => ContactField::Email(address),
            Contact::Sms(number) => ContactField::Sms(number),
            Contact::Webhook(url) => ContactField::Webhook(url),
        }),
        details: details.map(RegistrationFields::of).unwrap_or_default(),
        requested_at: Some(TimeField::Millis(signup.version.requested_at.as_millis())),
        id: Some(signup.version.id.as_str().to_owned()),
        channel: Some(signup.channel),
        registration: registration.map(|registration| registration.as_str().to_owned()),
        notify,
        confirmed: confirmed.then_some(true),
        client_network: signup.network.map(ClientNetwork::as_u16),
    };
    serde_json::to_string(&message).expect("a message contains only strings, numbers and booleans")
}

/// The JSON Schema (2020-12) of [`Message`], as `docs/signup.schema.json` publishes it.
pub fn schema() -> Schema {
    schemars::schema_for!(Message)
}

#[cfg(test)]
mod tests;
