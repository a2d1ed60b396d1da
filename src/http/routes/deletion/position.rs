//! The position of a deletion, and its cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::http::paging;
use crate::http::problem::Problem;

/// Maximum size of a key in a position.
const MAX_KEY_BYTES: usize = 1_024;

/// Where a deletion continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "in", rename_all = "snake_case")]
pub enum Position {
    Attendees,
    Buttons { after: Option<String> },
    Rejects { after: Option<String> },
}

impl Position {
    /// Returns whether the storage backends accept the key in this position. DynamoDB accepts no empty sort key, and none of
    /// more than 1,024 bytes.
    fn is_valid(&self) -> bool {
        match self {
            Self::Attendees => true,
            Self::Buttons { after } | Self::Rejects { after } => {
                after.as_ref().is_none_or(|key| (1..=MAX_KEY_BYTES).contains(&key.len()))
            }
        }
    }

    /// Returns the cursor of this position.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).expect("a position is plain data"))
    }

    pub fn decode(cursor: &str) -> Result<Self, Problem> {
        let json = URL_SAFE_NO_PAD.decode(cursor).ok();
        let position: Option<Self> = json.and_then(|json| serde_json::from_slice(&json).ok());
        position.filter(Self::is_valid).ok_or_else(paging::invalid_cursor)
    }
}
