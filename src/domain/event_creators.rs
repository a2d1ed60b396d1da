//! Who may begin events over HTTP.

use strum::{EnumString, IntoStaticStr, VariantNames};

/// Who may begin events over HTTP. Trusted channels always may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum EventCreators {
    /// Everyone: by creating an event, or with the first sign-up.
    #[default]
    Anyone,
    /// Only the organiser. An unknown event does not exist for others.
    Organiser,
}
