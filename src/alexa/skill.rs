//! The entry point of the skill: validates a request and answers it within Amazon's time limit.

use std::time::Duration;

use super::handler::RequestHandler;
use super::request::RequestEnvelope;
use super::response::Response;
use super::speech::Speech;
use crate::domain::household::HouseholdId;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Events, Households, Queue, Roster, Seats, Unavailable};

/// Amazon requires every skill to reject older requests ("Host a custom skill as a web service", "Checking the
/// timestamp of the request").
const MAX_REQUEST_AGE: Duration = Duration::from_secs(150);

/// Amazon waits 8 seconds for a response. After this timeout the user hears that the skill is unavailable.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(6);

/// The skill with its configuration and ports.
pub struct Skill<'a> {
    /// Amazon's id of the skill. If it is empty, every request is rejected.
    pub skill_id: &'a str,
    pub queue: &'a dyn Queue,
    pub roster: &'a dyn Roster,
    pub seats: &'a dyn Seats,
    pub events: &'a dyn Events,
    pub households: &'a dyn Households,
    /// The key of the hash that identifies an Amazon user. Cancelling and the usual name depend on it, so it must never
    /// change.
    pub user_secret: &'a Secret,
}

/// Why a request is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    #[error("not a valid Alexa request: {0}")]
    Malformed(String),
    #[error("the request is for another skill; check the configured skill id")]
    OtherSkill,
    #[error(
        "the request's timestamp is missing or differs from the clock by more than {} seconds",
        MAX_REQUEST_AGE.as_secs()
    )]
    WrongTimestamp,
}

impl Skill<'_> {
    /// Answers a request in JSON.
    pub async fn answer(&self, request: &[u8], now: Timestamp) -> Result<Response, InvalidRequest> {
        let envelope: RequestEnvelope = serde_json::from_slice(request).map_err(|error| {
            // The error's own text may contain the user's words, so only the position of the error is reported.
            InvalidRequest::Malformed(format!("line {}, column {}", error.line(), error.column()))
        })?;
        if self.skill_id.is_empty() || envelope.skill_id() != Some(self.skill_id) {
            return Err(InvalidRequest::OtherSkill);
        }
        let requested_at =
            Timestamp::parse_rfc3339(&envelope.request.timestamp).map_err(|_| InvalidRequest::WrongTimestamp)?;
        if now.since(requested_at) > MAX_REQUEST_AGE || requested_at.since(now) > MAX_REQUEST_AGE {
            return Err(InvalidRequest::WrongTimestamp);
        }
        // Without a user, the request is from a household of its own, which signed up nobody before.
        let user = envelope.user_id().unwrap_or(&envelope.request.request_id);
        let handler = RequestHandler {
            skill: self,
            request: &envelope.request,
            requested_at: requested_at.min(now),
            user: HouseholdId::of(user, self.user_secret),
            attributes: envelope.session.attributes.clone(),
            speech: Speech::for_locale(&envelope.request.locale),
        };
        let response = match tokio::time::timeout(ANSWER_TIMEOUT, handler.answer()).await {
            Ok(response) => response,
            Err(_) => Err(Unavailable {
                doing: "answering Alexa",
                cause: format!("no result after {} seconds", ANSWER_TIMEOUT.as_secs()),
            }),
        };
        Ok(response.unwrap_or_else(|unavailable| {
            tracing::error!(%unavailable, "answering an Alexa request failed; the user was told to try later");
            Response::end(&handler.speech.message("unavailable"))
        }))
    }
}
