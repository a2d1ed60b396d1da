//! The position of a search for a person, and its cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::http::paging;
use crate::http::problem::Problem;

/// Maximum size of a key in a position.
const MAX_KEY_BYTES: usize = 1_024;

/// Where the search continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "in", rename_all = "snake_case")]
pub enum Position {
    /// In the events after `after`.
    Events {
        after: Option<String>,
    },
    /// On the roster of one event.
    Roster {
        event: String,
        after: Option<String>,
    },
    Buttons {
        after: Option<String>,
    },
    Rejects {
        after: Option<String>,
    },
    Households {
        after: Option<String>,
    },
    OptIn,
}

impl Position {
    /// Returns whether the storage backends accept the keys in this position. DynamoDB accepts no empty sort key, and none
    /// of more than 1,024 bytes.
    fn is_valid(&self) -> bool {
        let is_key = |key: &String| (1..=MAX_KEY_BYTES).contains(&key.len());
        match self {
            Self::Events { after } | Self::Buttons { after } | Self::Rejects { after } | Self::Households { after } => {
                after.as_ref().is_none_or(is_key)
            }
            Self::Roster { event, after } => is_key(event) && after.as_ref().is_none_or(is_key),
            Self::OptIn => true,
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
