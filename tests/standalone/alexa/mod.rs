//! The Alexa skill as Alexa calls it, on SQLite.

mod conversation;
mod endpoint;
mod household;
mod model;
mod places;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use countmein::adapters::sqlite::Sqlite;
use countmein::alexa::{InvalidRequest, MAX_RESPONSE_BYTES, MAX_SPEECH_CHARS, Skill};
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::event::EventId;
use countmein::domain::event_creators::EventCreators;
use countmein::domain::secret::Secret;
use countmein::domain::signup::AttendeeKey;
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{EventPorts, take_in};
use countmein::ingest::ingest;
use countmein::ports::{ChangeFeed as _, Position, Queue as _, Roster as _};
use jsonschema::Validator;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::Instant;

pub const SKILL_ID: &str = "amzn1.ask.skill.01234567-89ab-cdef-0123-456789abcdef";

pub fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/alexa").join(path)
}

pub fn request(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(golden(path)).unwrap()).unwrap()
}

/// A backend with its skill.
pub struct Backend {
    pub sqlite: Sqlite,
    secret: Secret,
    schema: Validator,
    /// Whether the server processes messages and changes while the skill answers.
    pub is_working: bool,
    _folder: TempDir,
}

impl Backend {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            sqlite: Sqlite::open(folder.path()).unwrap(),
            secret: Secret::new("correct-horse-battery").unwrap(),
            schema: jsonschema::validator_for(&request("response.schema.json")).unwrap(),
            is_working: false,
            _folder: folder,
        }
    }

    /// The skill's answer a second after the request, once the queue is ingested.
    pub async fn answer(&self, request: &Value) -> Result<Value, InvalidRequest> {
        let at = request["request"]["timestamp"].as_str().unwrap_or_default();
        let now =
            Timestamp::parse_rfc3339(at).map_or(Timestamp::EARLIEST, |at| at.plus(std::time::Duration::from_secs(1)));
        self.answer_at(request.to_string().as_bytes(), now).await
    }

    pub async fn answer_at(&self, request: &[u8], now: Timestamp) -> Result<Value, InvalidRequest> {
        let skill = Skill {
            skill_id: SKILL_ID,
            queue: &self.sqlite,
            roster: &self.sqlite,
            seats: &self.sqlite,
            events: &self.sqlite,
            households: &self.sqlite,
            user_secret: &self.secret,
        };
        let answer = skill.answer(request, now);
        let response = match self.is_working {
            false => answer.await?,
            true => tokio::select! {
                response = answer => response?,
                () = self.work() => unreachable!("the server works on"),
            },
        };
        let response = serde_json::to_value(response).unwrap();
        self.is_a_response(&response);
        self.ingest().await;
        Ok(response)
    }

    /// In the form that Amazon requires.
    fn is_a_response(&self, response: &Value) {
        let errors: Vec<String> = self.schema.iter_errors(response).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {response:#}");
        assert!(response.to_string().len() <= MAX_RESPONSE_BYTES);
        let body = &response["response"];
        let Some(text) = body["outputSpeech"]["text"].as_str() else {
            assert!(body["reprompt"].is_null() && body["shouldEndSession"].is_null());
            return;
        };
        assert!(text.chars().count() <= MAX_SPEECH_CHARS);
        // No session is left open without a question, and none is closed after one.
        assert_eq!(text.ends_with('?'), body["shouldEndSession"] == false, "{text}");
        assert_eq!(body["reprompt"].is_object(), body["shouldEndSession"] == false, "{text}");
    }

    async fn ingest(&self) {
        // Waiting on an empty queue would take long.
        if self.sqlite.depth().await.unwrap().messages == 0 {
            return;
        }
        let deliveries = self.sqlite.receive(100).await.unwrap();
        let processed = ingest(
            deliveries,
            &self.sqlite.backend(),
            EventCreators::Anyone,
            Timestamp::now(),
            Instant::now() + Duration::from_secs(60),
        )
        .await;
        self.sqlite.ack(processed.into_iter().map(|each| each.delivery.receipt).collect()).await.unwrap();
    }

    async fn work(&self) {
        loop {
            self.ingest().await;
            self.take_in().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Decides about the places.
    pub async fn take_in(&self) {
        let changes = self.sqlite.changes(&Position::Start, 1_000).await.unwrap();
        let changes = changes.into_iter().map(|(_, change)| change).collect();
        let (ports, backoff) = (EventPorts::of(&self.sqlite, &self.secret), BackoffPolicy::default());
        take_in(changes, ports, &backoff, Timestamp::now()).await.unwrap();
    }

    pub async fn who_is_in(&self, event: &str) -> Vec<String> {
        let page = self.sqlite.roster(&EventId::parse(event).unwrap(), 100, None).await.unwrap();
        page.attendees.iter().map(|attendee| attendee.name.to_string()).collect()
    }

    pub async fn is_in(&self, event: &str, name: &str) -> bool {
        let name = AttendeeName::parse(name).unwrap().key().clone();
        let key = AttendeeKey { event: EventId::parse(event).unwrap(), name };
        self.sqlite.attendee(&key).await.unwrap().is_some_and(|attendee| attendee.registration().is_some())
    }
}

pub fn speech(response: &Value) -> &str {
    response["response"]["outputSpeech"]["text"].as_str().unwrap_or_default()
}
