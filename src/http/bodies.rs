//! What an answer holds, in JSON and on the page that shows the same.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::manage_link::RegistrationState;
use crate::domain::timestamp::Timestamp;

/// A button: whose it is, and what each kind of press does: `sign_up`, `cancel` or `nothing`.
#[derive(Serialize, ToSchema)]
pub struct ButtonBody {
    /// As the device or its maker says it; of a device's second button `…:2`.
    #[schema(example = "shellybutton1-A4CF12F45A2B")]
    pub serial: String,
    #[schema(example = "Dance")]
    pub event: String,
    #[schema(example = "Melvin")]
    pub name: String,
    pub single: &'static str,
    pub double: &'static str,
    pub triple: &'static str,
    pub long: &'static str,
    /// What a sign-up by it brings along.
    #[schema(value_type = Option<Object>)]
    pub contact: Option<Value>,
    /// What the device shows at `POST /buttons`, if it posts there.
    pub secret: String,
}

#[derive(Serialize, ToSchema)]
pub struct ManageBody {
    pub event: String,
    pub name: String,
    pub state: RegistrationState,
    /// `email`, `sms` or `webhook`; null without a contact or when the stay is not `in`.
    pub contact: Option<&'static str>,
    /// Whether the contact is told of others; null when the stay is not `in`.
    pub notify: Option<bool>,
    /// What this stay was told of others, the latest first.
    pub messages: Vec<MessageBody>,
}

#[derive(Serialize, ToSchema)]
pub struct MessageBody {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[schema(example = "Dance: Ana joined; 2 are in.")]
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptInState {
    /// Nobody has answered yet; until then nothing is sent.
    Pending,
    Confirmed,
    /// Nothing is sent.
    OptedOut,
}

/// Null where this server sends no notifications.
#[derive(Serialize, ToSchema)]
pub struct LimitsBody {
    /// Opt-in requests in this hour.
    pub opt_ins: Option<UsageBody>,
    /// Text messages of this day (UTC); null where none are sent.
    pub texts: Option<TextsBody>,
}

/// What exceeds the limit is not sent.
#[derive(Serialize, ToSchema)]
pub struct UsageBody {
    pub spent: u64,
    pub limit: u64,
}

#[derive(Serialize, ToSchema)]
pub struct TextsBody {
    #[serde(flatten)]
    pub usage: UsageBody,
    /// Opt-in requests and links among them, which anybody can cause.
    pub answers: UsageBody,
    /// The calling codes to which text messages are sent.
    #[schema(example = json!(["+49", "+1"]))]
    pub calling_codes: Vec<String>,
    /// Hours in which text messages are sent, and their time zone.
    #[schema(example = "8-21 Europe/Berlin")]
    pub hours: String,
}
