//! By which way a sign-up came.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

/// By which way a sign-up came.
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
