//! The position of a deletion, and its cursor.

use serde::{Deserialize, Serialize};

use crate::http::paging::{decode_position, encode_position, is_key};
use crate::http::problem::Problem;

/// Where a deletion continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "in", rename_all = "snake_case")]
pub enum Position {
    Attendees,
    Buttons { after: Option<String> },
    Rejects { after: Option<String> },
}

impl Position {
    /// Returns whether the storage backends accept the keys in this position.
    fn is_valid(&self) -> bool {
        match self {
            Self::Attendees => true,
            Self::Buttons { after } | Self::Rejects { after } => after.as_deref().is_none_or(is_key),
        }
    }

    /// Returns the cursor of this position.
    pub fn encode(&self) -> String {
        encode_position(self)
    }

    pub fn decode(cursor: &str) -> Result<Self, Problem> {
        decode_position(cursor, Self::is_valid)
    }
}
