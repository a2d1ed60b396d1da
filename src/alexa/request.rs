//! The parts of an Alexa request that the skill reads. Unknown fields are ignored.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct RequestEnvelope {
    #[serde(default)]
    pub session: Option<Session>,
    pub context: Context,
    pub request: Request,
}

#[derive(Debug, Deserialize)]
pub struct Session {
    #[serde(default)]
    pub attributes: Option<Attributes>,
}

/// The session attributes. Alexa sends them back with the next request of the session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct Attributes {
    /// Whether the session stays open after a response. It does if the user launched the skill without a request.
    #[serde(default, rename = "open")]
    pub keep_open: bool,
    /// The values that the skill has proposed, by slot. They tell a proposed value from one that the user said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub proposed: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub struct Context {
    #[serde(rename = "System")]
    pub system: System,
}

#[derive(Debug, Deserialize)]
pub struct System {
    pub application: Application,
    pub user: User,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    pub application_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub user_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(rename = "type")]
    pub kind: String,
    pub request_id: String,
    /// The time of the request, as RFC 3339 text.
    pub timestamp: String,
    #[serde(default)]
    pub locale: String,
    #[serde(default)]
    pub intent: Option<Intent>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Intent {
    pub name: String,
    #[serde(default)]
    pub slots: Option<BTreeMap<String, Slot>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    #[serde(default)]
    pub value: Option<String>,
    #[serde(default)]
    pub confirmation_status: Confirmation,
    #[serde(default)]
    pub resolutions: Option<Resolutions>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Confirmation {
    #[default]
    None,
    Confirmed,
    Denied,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resolutions {
    #[serde(default)]
    pub resolutions_per_authority: Vec<Authority>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Authority {
    pub status: Status,
    #[serde(default)]
    pub values: Vec<Resolved>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Status {
    pub code: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Resolved {
    pub value: Entity,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Entity {
    pub name: String,
}

impl Intent {
    pub fn slot(&self, name: &str) -> Slot {
        self.slots.as_ref().and_then(|slots| slots.get(name)).cloned().unwrap_or_default()
    }
}

impl Slot {
    /// Returns the event title that Alexa matched, or the spoken words if no title matched.
    pub fn text(&self) -> Option<&str> {
        let authorities = self.resolutions.iter().flat_map(|resolutions| &resolutions.resolutions_per_authority);
        let matches = authorities.filter(|authority| authority.status.code == "ER_SUCCESS_MATCH");
        let resolved =
            matches.flat_map(|authority| &authority.values).map(|resolved| resolved.value.name.as_str()).next();
        resolved.or(self.value.as_deref()).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Whether Alexa replaced the spoken words by an event title.
    pub fn is_resolved(&self) -> bool {
        self.text() != self.value.as_deref().map(str::trim)
    }
}
