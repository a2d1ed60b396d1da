//! The JSON of a message of the outbox on a queue. Functions of another version may read it during a deployment.

use serde::{Deserialize, Serialize};

use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::outbox_message::{DigestDelivery, DigestRecipient, OutboxMessage};
use crate::domain::registration::RegistrationKey;
use crate::domain::signup::{AttendeeKey, SignupId};
use crate::domain::timestamp::{Timestamp, millis};
use crate::formats::stored::describe_damage;

/// A message with what is known about attempts to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMessage {
    pub message: OutboxMessage,
    /// See [`OutboxEntry::unresolved_since`](crate::ports::OutboxEntry::unresolved_since).
    pub unresolved_since: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct QueuedRecord {
    #[serde(flatten)]
    message: MessageRecord,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    unresolved_since: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum MessageRecord {
    OptInRequest(RegistrationRecord),
    ManageLink(RegistrationRecord),
    SeatNews(RegistrationRecord),
    Digest(DigestRecord),
}

#[derive(Serialize, Deserialize)]
struct RegistrationRecord {
    event: String,
    /// The folded name.
    name: String,
    owner: String,
}

#[derive(Serialize, Deserialize)]
struct DigestRecord {
    event: String,
    #[serde(with = "millis")]
    announced_at: Timestamp,
    /// Absent if it is the same as `announced_at`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    owed_since: Option<Timestamp>,
    /// Folded names. There are none if the digest is for everybody who follows all events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<NameKey>,
}

impl QueuedMessage {
    pub fn to_json(&self) -> String {
        let message = match &self.message {
            OutboxMessage::OptInRequest(registration) => MessageRecord::OptInRequest(registration.into()),
            OutboxMessage::ManageLink(registration) => MessageRecord::ManageLink(registration.into()),
            OutboxMessage::SeatNews(registration) => MessageRecord::SeatNews(registration.into()),
            OutboxMessage::Digest(DigestDelivery { event, announced_at, owed_since, to }) => {
                MessageRecord::Digest(DigestRecord {
                    event: event.as_str().to_owned(),
                    announced_at: *announced_at,
                    owed_since: (owed_since != announced_at).then_some(*owed_since),
                    names: match to {
                        DigestRecipient::Attendees(names) => names.clone(),
                        DigestRecipient::Everybody => Vec::new(),
                    },
                })
            }
        };
        let record = QueuedRecord { message, unresolved_since: self.unresolved_since };
        serde_json::to_string(&record).expect("a record can always be written as JSON")
    }

    /// Parses a message. The error says what is wrong, without the names in the message.
    pub fn parse(json: &str) -> Result<Self, String> {
        let record: QueuedRecord = serde_json::from_str(json).map_err(|error| describe_damage(&error))?;
        let message = match record.message {
            MessageRecord::OptInRequest(registration) => OutboxMessage::OptInRequest(registration.into()),
            MessageRecord::ManageLink(registration) => OutboxMessage::ManageLink(registration.into()),
            MessageRecord::SeatNews(registration) => OutboxMessage::SeatNews(registration.into()),
            MessageRecord::Digest(DigestRecord { event, announced_at, owed_since, names }) => {
                let to = if names.is_empty() { DigestRecipient::Everybody } else { DigestRecipient::Attendees(names) };
                let (event, owed_since) = (EventId::from_stored(event), owed_since.unwrap_or(announced_at));
                OutboxMessage::Digest(DigestDelivery { event, announced_at, owed_since, to })
            }
        };
        Ok(Self { message, unresolved_since: record.unresolved_since })
    }
}

impl From<OutboxMessage> for QueuedMessage {
    /// A message that nobody has tried to send.
    fn from(message: OutboxMessage) -> Self {
        Self { message, unresolved_since: None }
    }
}

impl From<&RegistrationKey> for RegistrationRecord {
    fn from(RegistrationKey { attendee, owner }: &RegistrationKey) -> Self {
        let AttendeeKey { event, name } = attendee;
        let [event, name, owner] = [event.as_str(), name.as_str(), owner.as_str()].map(str::to_owned);
        Self { event, name, owner }
    }
}

impl From<RegistrationRecord> for RegistrationKey {
    fn from(RegistrationRecord { event, name, owner }: RegistrationRecord) -> Self {
        let attendee = AttendeeKey { event: EventId::from_stored(event), name: NameKey::from_stored(name) };
        Self { attendee, owner: SignupId::from_stored(owner) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = include_str!("../../tests/golden/outbox/messages.jsonl");

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn messages() -> Vec<QueuedMessage> {
        let event = EventId::parse("dance").unwrap();
        let registration = || {
            let attendee = AttendeeKey { event: event.clone(), name: NameKey::from_stored("张 三".to_owned()) };
            RegistrationKey { attendee, owner: SignupId::parse("signup-7").unwrap() }
        };
        let announced_at = at(1_795_431_600_000);
        let digest = |owed_since, to| {
            OutboxMessage::Digest(DigestDelivery { event: event.clone(), announced_at, owed_since, to })
        };
        let names = ["ana", "ben"].map(|name| NameKey::from_stored(name.to_owned())).to_vec();
        vec![
            OutboxMessage::OptInRequest(registration()).into(),
            QueuedMessage {
                message: OutboxMessage::ManageLink(registration()),
                unresolved_since: Some(at(1_795_431_660_000)),
            },
            digest(at(1_795_431_500_000), DigestRecipient::Attendees(names)).into(),
            digest(announced_at, DigestRecipient::Everybody).into(),
            OutboxMessage::SeatNews(registration()).into(),
        ]
    }

    #[test]
    fn messages_have_the_golden_form() {
        let written: Vec<String> = messages().iter().map(QueuedMessage::to_json).collect();
        assert_eq!(written, GOLDEN.lines().collect::<Vec<_>>());
        let read: Vec<QueuedMessage> = GOLDEN.lines().map(|line| QueuedMessage::parse(line).unwrap()).collect();
        assert_eq!(read, messages());
    }

    #[test]
    fn error_contains_no_name() {
        for json in [
            r#"{"kind":"pigeon","event":"dance","name":"zoe"}"#,
            r#"{"kind":"digest","event":"dance","announced_at":"zoe"}"#,
            r#"{"kind":"digest","event":"dance","announced_at":1,"names":["zoe"]}"#,
            r#"["zoe"]"#,
        ] {
            let error = QueuedMessage::parse(json).unwrap_err();
            assert!(!error.contains("zoe"), "{error}");
        }
    }
}
