//! Who is coming, by name.

use std::fmt;

use crate::domain::invalid::FieldProblem;
use crate::domain::text;
use serde::{Deserialize, Serialize};

/// The longest name, in characters as people count them.
pub const NAME_CHARS: usize = 80;

/// A name on one event: as typed, and folded for the key.
///
/// Serde reads and writes the stored form, which is not checked again; what a person typed is [parsed](Self::parse).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttendeeName {
    #[serde(rename = "name")]
    key: NameKey,
    #[serde(rename = "display_name")]
    display: String,
}

/// The folded name: what makes `Melvin` and `MELVIN` one attendee. Case-folded, without code points that
/// show nothing, NFC; at most 1,024 bytes (a DynamoDB sort key); never begins with `#`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NameKey(String);

impl AttendeeName {
    /// NFC, trimmed, white space collapsed, 1 to [`NAME_CHARS`] characters, nothing invisible, and never
    /// beginning with `#`, under which the table keeps what is not an attendee.
    pub fn parse(typed: &str) -> Result<Self, FieldProblem> {
        let display = text::collapse_white_space(&text::nfc(typed));
        text::check_length(&display, NAME_CHARS)?;
        text::check_visible(&display)?;
        let key = NameKey(fold(&display));
        text::check_length(&key.0, usize::MAX).map_err(|problem| match problem {
            FieldProblem::Empty { .. } => FieldProblem::Empty { limit: NAME_CHARS },
            other => other,
        })?;
        if key.0.starts_with('#') {
            return Err(FieldProblem::BeginsWithHash);
        }
        Ok(Self { display, key })
    }

    /// A name as it came from [`AttendeeName::as_str`] and [`AttendeeName::key`], out of a backend.
    pub fn from_stored(display: String, key: String) -> Self {
        Self { display, key: NameKey(key) }
    }

    pub fn as_str(&self) -> &str {
        &self.display
    }

    pub fn key(&self) -> &NameKey {
        &self.key
    }
}

impl fmt::Display for AttendeeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display)
    }
}

impl NameKey {
    /// The key of a name given in any spelling.
    pub fn of(name: &str) -> Result<Self, FieldProblem> {
        AttendeeName::parse(name).map(|name| name.key)
    }

    /// A key as it came from [`NameKey::as_str`], out of a backend or a cursor.
    pub fn from_stored(key: String) -> Self {
        Self(key)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Repeated until nothing changes, since what folding brings out may compose, and fold, again.
fn fold(display: &str) -> String {
    let mut folded = display.to_owned();
    loop {
        let visible = text::without_ignorable(&text::fold_case(&folded));
        let next = text::collapse_white_space(&text::nfc(&visible));
        if next == folded {
            return folded;
        }
        folded = next;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(name: &str) -> String {
        NameKey::of(name).unwrap().0
    }

    #[test]
    fn one_person_however_typed() {
        for name in ["Melvin", " melvin ", "MELVIN", "Mel\u{200D}vin"] {
            assert_eq!(key(name), "melvin", "{name:?}");
        }
        assert_eq!(key("Jose\u{301}"), key("JOSÉ"));
        assert_eq!(key("Strauß"), key("STRAUSS"));
        assert_eq!(AttendeeName::parse(" Ana  María ").unwrap().as_str(), "Ana María");
    }

    #[test]
    fn every_script_and_emoji_is_a_name() {
        for name in ["שרה", "محمد", "नीलम", "小林", "👩‍👩‍👧‍👦", "O'Neill-Smith, Jr.", "x"]
        {
            assert!(AttendeeName::parse(name).is_ok(), "{name:?}");
        }
        assert!(AttendeeName::parse(&"👩‍👩‍👧".repeat(56)).is_ok());
        assert_eq!(AttendeeName::parse(&"é".repeat(81)), Err(FieldProblem::TooLong { found: 81, limit: 80 }));
    }

    #[test]
    fn nothing_hides_in_a_name() {
        assert_eq!(AttendeeName::parse(""), Err(FieldProblem::Empty { limit: 80 }));
        assert_eq!(AttendeeName::parse(" \u{200D} "), Err(FieldProblem::Empty { limit: 80 }));
        assert_eq!(AttendeeName::parse("a\u{7}b"), Err(FieldProblem::Invisible { character: '\u{7}' }));
        assert_eq!(AttendeeName::parse("a\u{202E}b"), Err(FieldProblem::Invisible { character: '\u{202E}' }));
        assert_eq!(AttendeeName::parse("a\u{200B}b"), Err(FieldProblem::Invisible { character: '\u{200B}' }));
        for character in ['\u{2800}', '\u{FFF9}', '\u{FFFD}', '\u{FDD0}', '\u{1FFFF}'] {
            assert_eq!(AttendeeName::parse(&format!("Eva{character}")), Err(FieldProblem::Invisible { character }));
        }
        assert_eq!(AttendeeName::parse("#details"), Err(FieldProblem::BeginsWithHash));
        assert_eq!(AttendeeName::parse("\u{200D}#details"), Err(FieldProblem::BeginsWithHash));
        assert_eq!(AttendeeName::parse("\u{200D} #details"), Err(FieldProblem::BeginsWithHash));
    }

    proptest! {
        #![proptest_config(crate::seed::config(256))]

        #[test]
        fn a_key_is_a_fixed_point_and_never_begins_with_a_hash(name in "[\\PC#\u{200D}]{0,20}") {
            if let Ok(name) = AttendeeName::parse(&name) {
                let key = name.key().as_str();
                prop_assert!(!key.is_empty() && !key.starts_with('#') && key.len() <= text::KEY_BYTES);
                prop_assert_eq!(&NameKey::of(name.as_str()).unwrap(), name.key());
                prop_assert_eq!(fold(key), key);
            }
        }
    }
}
