//! The parts of an Alexa request that the skill reads. Unknown fields are ignored.
//!
//! Amazon leaves out optional parts, or sends them as null: an event of the skill has no session, and a
//! `CanFulfillIntentRequest` has no user. A part of an unexpected form is read as if it were absent.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub struct RequestEnvelope {
    #[serde(default, deserialize_with = "lenient")]
    pub session: Session,
    #[serde(default, deserialize_with = "lenient")]
    pub context: Context,
    pub request: Request,
}

impl RequestEnvelope {
    /// Returns the id of the skill that the request is for. `None` if the request names none.
    pub fn skill_id(&self) -> Option<&str> {
        let in_context = self.context.system.application.application_id.as_deref();
        in_context.or(self.session.application.application_id.as_deref())
    }

    /// Returns Amazon's id of the user. `None` if the request names none.
    pub fn user_id(&self) -> Option<&str> {
        self.context.system.user.user_id.as_deref().or(self.session.user.user_id.as_deref())
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct Session {
    #[serde(default, deserialize_with = "lenient")]
    pub attributes: Attributes,
    #[serde(default, deserialize_with = "lenient")]
    application: Application,
    #[serde(default, deserialize_with = "lenient")]
    user: User,
}

/// The session attributes. Alexa sends them back with the next request of the session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Attributes {
    /// Whether the session stays open after a response. It does if the user launched the skill without a request.
    #[serde(default, rename = "open")]
    pub keep_open: bool,
    /// The values that the skill has proposed, by slot. They tell a proposed value from one that the user said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub proposed: BTreeMap<String, String>,
    /// How often the skill has asked the same in a row, by slot or by message.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub asked: BTreeMap<String, u8>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Context {
    #[serde(default, rename = "System", deserialize_with = "lenient")]
    system: System,
}

#[derive(Debug, Default, Deserialize)]
struct System {
    #[serde(default, deserialize_with = "lenient")]
    application: Application,
    #[serde(default, deserialize_with = "lenient")]
    user: User,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Application {
    #[serde(default, deserialize_with = "lenient")]
    application_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    #[serde(default, deserialize_with = "lenient")]
    user_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub kind: String,
    #[serde(default, deserialize_with = "lenient")]
    pub request_id: String,
    /// The time of the request, as RFC 3339 text.
    #[serde(default, deserialize_with = "lenient")]
    pub timestamp: String,
    #[serde(default, deserialize_with = "lenient")]
    pub locale: String,
    #[serde(default, deserialize_with = "lenient")]
    pub intent: Option<Intent>,
    /// Why a session ended.
    #[serde(default, deserialize_with = "lenient")]
    pub reason: String,
    #[serde(default, deserialize_with = "lenient")]
    pub error: Option<ErrorReport>,
    #[serde(default, deserialize_with = "lenient")]
    pub cause: Cause,
}

/// An error that Alexa reports to the skill.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ErrorReport {
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub kind: String,
    #[serde(default, deserialize_with = "lenient")]
    pub message: String,
}

/// The request whose response caused an error.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    #[serde(default, deserialize_with = "lenient")]
    pub request_id: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Intent {
    #[serde(default, deserialize_with = "lenient")]
    pub name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub slots: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    #[serde(default, deserialize_with = "lenient")]
    pub value: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub confirmation_status: Confirmation,
    #[serde(default, deserialize_with = "lenient")]
    resolutions: Resolutions,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Confirmation {
    #[default]
    None,
    Confirmed,
    Denied,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resolutions {
    #[serde(default, deserialize_with = "lenient")]
    resolutions_per_authority: Vec<Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Authority {
    #[serde(default, deserialize_with = "lenient")]
    status: Status,
    #[serde(default, deserialize_with = "lenient")]
    values: Vec<Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Status {
    #[serde(default, deserialize_with = "lenient")]
    code: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Resolved {
    #[serde(default, deserialize_with = "lenient")]
    value: Entity,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Entity {
    #[serde(default, deserialize_with = "lenient")]
    name: String,
}

impl Intent {
    pub fn slot(&self, name: &str) -> Slot {
        self.slots.get(name).map(read).unwrap_or_default()
    }
}

impl Slot {
    /// Returns the event title that Alexa matched, or the spoken words if no title matched.
    pub fn text(&self) -> Option<String> {
        let authorities = self.resolutions.resolutions_per_authority.iter().map(read::<Authority>);
        let matches = authorities.filter(|authority| authority.status.code == "ER_SUCCESS_MATCH");
        let resolved = matches
            .flat_map(|authority| authority.values)
            .map(|resolved| read::<Resolved>(&resolved).value.name)
            .find(|name| !name.trim().is_empty());
        let text = resolved.or_else(|| self.value.clone())?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Whether Alexa replaced the spoken words by an event title.
    pub fn is_resolved(&self) -> bool {
        self.text().as_deref() != self.value.as_deref().map(str::trim)
    }
}

fn read<T: DeserializeOwned + Default>(value: &Value) -> T {
    T::deserialize(value).unwrap_or_default()
}

/// Reads a part that may be null or have an unexpected form.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(read(&Value::deserialize(deserializer)?))
}
