//! The position of a deletion, and its cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::domain::deleted_event::DeletedEvent;
use crate::domain::secret::Secret;
use crate::http::paging::{decode_position, encode_position, is_key};
use crate::http::problem::Problem;

/// Separates these tags from other uses of the same secret.
const PURPOSE: &str = "position of a deletion";

/// Where a deletion continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "in", rename_all = "snake_case")]
pub enum Position {
    Attendees,
    Buttons { after: Option<String> },
    Rejects { after: Option<String> },
}

/// The content of a cursor. It is signed, because a later position skips what it says is deleted: a changed cursor would
/// leave data behind in a deletion that says it is complete.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(flatten)]
    position: Position,
    /// Empty in the cursors of earlier versions, which are ignored.
    #[serde(default)]
    tag: String,
}

impl Position {
    /// Returns the cursor of this position. It is valid for this deletion only.
    pub fn sign(self, deleted: &DeletedEvent, secret: &Secret) -> String {
        let tag = self.tag(deleted, secret);
        encode_position(&Cursor { position: self, tag })
    }

    /// Returns whether the storage backends accept the keys in this position.
    fn is_valid(&self) -> bool {
        match self {
            Self::Attendees => true,
            Self::Buttons { after } | Self::Rejects { after } => after.as_deref().is_none_or(is_key),
        }
    }

    fn tag(&self, deleted: &DeletedEvent, secret: &Secret) -> String {
        let position = serde_json::to_vec(self).expect("a position is plain data");
        let deleted_at = deleted.deleted_at.as_millis().to_be_bytes();
        URL_SAFE_NO_PAD.encode(secret.tag(PURPOSE, &[deleted.event.as_str().as_bytes(), &deleted_at, &position]))
    }
}

impl Cursor {
    pub fn decode(cursor: &str) -> Result<Self, Problem> {
        decode_position(cursor, |cursor: &Self| cursor.position.is_valid())
    }

    /// Returns the position if it was signed with this secret for this deletion.
    pub fn verify(&self, deleted: &DeletedEvent, secret: &Secret) -> Option<Position> {
        let expected = self.position.tag(deleted, secret);
        Secret::constant_time_eq(expected.as_bytes(), self.tag.as_bytes()).then(|| self.position.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::deleted_event::DeletionState;
    use crate::domain::event::EventId;
    use crate::domain::host_link::LinkGenerations;
    use crate::domain::timestamp::Timestamp;

    fn deletion(event: &str, second: u64) -> DeletedEvent {
        DeletedEvent {
            event: EventId::parse(event).unwrap(),
            deleted_at: Timestamp::EARLIEST.plus(Duration::from_secs(second)),
            state: DeletionState::InProgress,
            links: LinkGenerations::default(),
            version: 1,
        }
    }

    #[test]
    fn cursor_is_valid_for_its_deletion_only() {
        let secret = Secret::new("correct-horse-battery").unwrap();
        let this = deletion("dinner", 1);
        for position in
            [Position::Attendees, Position::Buttons { after: None }, Position::Rejects { after: Some("a".to_owned()) }]
        {
            let cursor = Cursor::decode(&position.clone().sign(&this, &secret)).unwrap();
            assert_eq!(cursor.verify(&this, &secret), Some(position));
            assert_eq!(cursor.verify(&deletion("dinner", 2), &secret), None, "of another deletion");
            assert_eq!(cursor.verify(&deletion("dance", 1), &secret), None, "of another event");
            let changed = Cursor { position: Position::Rejects { after: None }, ..cursor };
            assert_eq!(changed.verify(&this, &secret), None);
        }
        let earlier = Cursor::decode(&encode_position(&Position::Buttons { after: None })).unwrap();
        assert_eq!(earlier.verify(&this, &secret), None, "without a tag");
    }
}
