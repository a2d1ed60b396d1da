//! Response bodies that are sent as JSON and also rendered as pages.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::language::Language;
use crate::domain::manage_link::RegistrationState;
use crate::domain::registration_details::RegistrationDetails;
use crate::domain::timestamp::Timestamp;
use crate::http::opt_in_bodies::ContactAgreement;
use crate::http::place_bodies::PlaceBody;

/// A registered button and the action of each kind of press: `sign_up`, `cancel` or `nothing`.
#[derive(Serialize, ToSchema)]
pub struct ButtonBody {
    /// The serial number that the device sends or its maker prints; `…:2` for the second button of a device.
    #[schema(example = "shellybutton1-A4CF12F45A2B")]
    pub serial: String,
    /// The title of the event.
    #[schema(example = "Dance")]
    pub event: String,
    /// The attendee whom the button signs up.
    #[schema(example = "Melvin")]
    pub name: String,
    pub single: &'static str,
    pub double: &'static str,
    pub triple: &'static str,
    pub long: &'static str,
    /// The contact that is stored with each sign-up.
    #[schema(value_type = Option<Object>)]
    pub contact: Option<Value>,
    /// The secret that the device must send to `POST /buttons`.
    pub secret: String,
}

/// A registration, as its personal link shows it.
#[derive(Serialize, ToSchema)]
pub struct ManageBody {
    /// The id of the event.
    pub event: String,
    pub name: String,
    pub state: RegistrationState,
    /// Whether the registration has a place. Absent if the number of places is not limited, or when the state is neither `in`
    /// nor `pending`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceBody>,
    /// The kind of contact: `email`, `sms` or `webhook`. Null without a contact, or when the state is not `in`.
    pub contact: Option<&'static str>,
    /// Whether notifications are on for this registration; null when the state is not `in`.
    pub notify: Option<bool>,
    /// Whether the owner of the contact has agreed to notifications about this registration. Null without a contact, when
    /// the state is not `in`, or if this server cannot know.
    pub agreement: Option<ContactAgreement>,
    /// The details of the registration; null when the state is not `in`.
    pub details: Option<RegistrationBody>,
    /// The notifications of this registration, newest first.
    pub messages: Vec<MessageBody>,
}

/// The details of a registration, as its owner and the hosts see them.
#[derive(Serialize, ToSchema)]
pub struct RegistrationBody {
    /// The number of people who come along, or wait too. Guests for whom there was no place are not counted.
    pub guests: u8,
    /// The answer to the event's question.
    pub answer: Option<String>,
    pub note: Option<String>,
    /// The language for messages: `en` or `de`; null for the default of this server.
    #[schema(example = "de")]
    pub language: Option<&'static str>,
}

impl RegistrationBody {
    pub fn of(details: &RegistrationDetails) -> Self {
        Self {
            guests: details.guests,
            answer: details.answer.as_ref().map(ToString::to_string),
            note: details.note.as_ref().map(|note| note.as_str().to_owned()),
            language: details.language.map(Language::as_str),
        }
    }
}

/// One notification.
#[derive(Serialize, ToSchema)]
pub struct MessageBody {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[schema(example = "Dance: Ana joined; 2 are in.")]
    pub text: String,
}

/// The limits on messages. Both are null if this server sends no notifications.
#[derive(Serialize, ToSchema)]
pub struct LimitsBody {
    /// Opt-in requests in this hour.
    pub opt_ins: Option<UsageBody>,
    /// Text messages of this day (UTC); null if this server sends no text messages.
    pub texts: Option<TextsBody>,
}

/// A limit and how much of it is used. Messages beyond the limit are not sent.
#[derive(Serialize, ToSchema)]
pub struct UsageBody {
    pub spent: u64,
    pub limit: u64,
}

/// The limits on text messages.
#[derive(Serialize, ToSchema)]
pub struct TextsBody {
    #[serde(flatten)]
    pub usage: UsageBody,
    /// Opt-in requests and personal links among the text messages. Any visitor can trigger these.
    pub answers: UsageBody,
    /// The countries whose mobile phones get text messages: two-letter codes of ISO 3166-1.
    #[schema(example = json!(["DE", "US"]))]
    pub countries: Vec<String>,
    /// The hours in which text messages are sent, and their time zone.
    #[schema(example = "8-21 Europe/Berlin")]
    pub hours: String,
}
