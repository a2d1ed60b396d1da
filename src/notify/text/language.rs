//! The languages in which messages are available.

use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray, VariantNames)]
pub enum Language {
    #[default]
    #[strum(serialize = "en")]
    English,
    #[strum(serialize = "de")]
    German,
}

impl Language {
    /// The ISO 639 code: `en` or `de`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
