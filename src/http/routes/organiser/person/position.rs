//! The position of a search for a person, and its cursor.

use serde::{Deserialize, Serialize};

use crate::http::paging::{decode_position, encode_position, is_key};
use crate::http::problem::Problem;

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
    /// Returns whether the storage backends accept the keys in this position.
    fn is_valid(&self) -> bool {
        match self {
            Self::Events { after } | Self::Buttons { after } | Self::Rejects { after } | Self::Households { after } => {
                after.as_deref().is_none_or(is_key)
            }
            Self::Roster { event, after } => is_key(event) && after.as_deref().is_none_or(is_key),
            Self::OptIn => true,
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
