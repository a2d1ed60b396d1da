//! What language people are written to in.

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
    /// As in ISO 639: `en` or `de`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
