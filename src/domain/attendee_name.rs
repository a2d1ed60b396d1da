//! The names of attendees.

use std::fmt;

use crate::domain::invalid::FieldProblem;
use crate::domain::text;
use serde::{Deserialize, Serialize};

/// The maximum length of a name, in grapheme clusters.
pub const MAX_NAME_CHARS: usize = 80;

/// An attendee's name, in two forms: the display name as typed, and the folded key.
///
/// Serde reads and writes the stored form without validating it. Use
/// [`AttendeeName::parse`] for text that a person typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttendeeName {
    #[serde(rename = "name")]
    key: NameKey,
    #[serde(rename = "display_name")]
    display: String,
}

/// The folded name, which identifies an attendee: `Melvin` and `MELVIN` have the same key. It is
/// case-folded, in NFC and without invisible code points. It has at most 1,024 bytes (the limit of a
/// DynamoDB sort key) and does not begin with `#`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NameKey(String);

impl AttendeeName {
    /// Parses and normalises a name: NFC, trimmed, with single spaces. A name must have 1 to [`MAX_NAME_CHARS`] visible
    /// characters with at most four marks each, and must not begin with `#`, since such sort keys belong to other items in
    /// the DynamoDB table.
    pub fn parse(typed: &str) -> Result<Self, FieldProblem> {
        let name = Self::parse_with_any_marks(typed)?;
        text::check_marks(&name.display)?;
        Ok(name)
    }

    fn parse_with_any_marks(typed: &str) -> Result<Self, FieldProblem> {
        let display = text::collapse_white_space(&text::nfc(typed));
        text::check_length(&display, MAX_NAME_CHARS)?;
        text::check_visible(&display)?;
        let key = NameKey(fold(&display));
        text::check_length(&key.0, usize::MAX).map_err(|problem| match problem {
            FieldProblem::Empty { .. } => FieldProblem::Empty { limit: MAX_NAME_CHARS },
            other => other,
        })?;
        if key.0.starts_with('#') {
            return Err(FieldProblem::BeginsWithHash);
        }
        Ok(Self { display, key })
    }

    /// Creates a name from stored values of [`AttendeeName::as_str`] and
    /// [`AttendeeName::key`], without validating them.
    pub fn from_stored(display: String, key: String) -> Self {
        Self { display, key: NameKey(key) }
    }

    /// Returns the display name.
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
    /// Returns the key of a name. Spellings that differ only in case, extra white space or invisible code
    /// points have the same key. It accepts any number of marks, so that names that were stored before this limit existed
    /// are found.
    pub fn of(name: &str) -> Result<Self, FieldProblem> {
        AttendeeName::parse_with_any_marks(name).map(|name| name.key)
    }

    /// Creates a key from a value of [`NameKey::as_str`] that was stored or part of a cursor, without validating it.
    pub fn from_stored(key: String) -> Self {
        Self(key)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Repeats the folding until the text no longer changes, since NFC may compose folded characters
/// into characters that can be folded again.
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
    fn spellings_have_same_key() {
        for name in ["Melvin", " melvin ", "MELVIN", "Mel\u{200D}vin"] {
            assert_eq!(key(name), "melvin", "{name:?}");
        }
        assert_eq!(key("Jose\u{301}"), key("JOSÉ"));
        assert_eq!(key("Strauß"), key("STRAUSS"));
        assert_eq!(AttendeeName::parse(" Ana  María ").unwrap().as_str(), "Ana María");
    }

    #[test]
    fn accepts_every_script_and_emoji() {
        for name in ["שרה", "محمد", "नीलम", "小林", "👩‍👩‍👧‍👦", "O'Neill-Smith, Jr.", "x"]
        {
            assert!(AttendeeName::parse(name).is_ok(), "{name:?}");
        }
        assert!(AttendeeName::parse(&"👩‍👩‍👧".repeat(56)).is_ok());
        assert_eq!(AttendeeName::parse(&"é".repeat(81)), Err(FieldProblem::TooLong { found: 81, limit: 80 }));
    }

    #[test]
    fn rejects_empty_invisible_and_reserved() {
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

    #[test]
    fn limits_marks_of_a_character() {
        let marked =
            |marks| format!("Z{}oe", "\u{300}\u{489}\u{330}".repeat(20).chars().take(marks).collect::<String>());
        assert!(AttendeeName::parse(&marked(4)).is_ok());
        assert_eq!(AttendeeName::parse(&marked(5)), Err(FieldProblem::TooManyMarks { limit: 4 }));
        assert!(NameKey::of(&marked(5)).is_ok(), "names that were stored before are found");
        for name in ["שָׁלוֹם", "Nguyễn Thị Huệ", "བསྒྲུབས", "ก็ที่นั่น", "مُحَمَّدٌ"]
        {
            assert!(AttendeeName::parse(name).is_ok(), "{name:?}");
        }
    }

    proptest! {
        #![proptest_config(crate::seed::config(256))]

        #[test]
        fn key_is_stable_and_without_leading_hash(name in "[\\PC#\u{200D}]{0,20}") {
            if let Ok(name) = AttendeeName::parse(&name) {
                let key = name.key().as_str();
                prop_assert!(!key.is_empty() && !key.starts_with('#') && key.len() <= text::MAX_KEY_BYTES);
                prop_assert_eq!(&NameKey::of(name.as_str()).unwrap(), name.key());
                prop_assert_eq!(fold(key), key);
            }
        }
    }
}
