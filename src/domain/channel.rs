//! The channels through which sign-ups arrive.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

/// The channel through which a sign-up arrived.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    EnumString,
    IntoStaticStr,
    VariantArray,
    VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Channel {
    Http,
    Cli,
    Button,
    Alexa,
    Queue,
    Import,
}

impl Channel {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
