//! The names of attendees.

use std::borrow::Cow;
use std::fmt;

use crate::domain::invalid::FieldProblem;
use crate::domain::text;
use serde::{Deserialize, Serialize};

/// The maximum length of a name, in grapheme clusters.
pub const MAX_NAME_CHARS: usize = 80;

const DOT_ABOVE: char = '\u{307}';
const DOTTED_I: &str = "i\u{307}";

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

/// The folded name, which identifies an attendee: `Melvin` and `MELVIN` have the same key, and so do `O'Neill` and
/// `O’Neill`. It is case-folded, in NFC, without invisible code points, and with one kind of apostrophe and dash. It has
/// at most 1,024 bytes (the limit of a DynamoDB sort key) and does not begin with `#`.
///
/// Earlier versions did not fold punctuation. Attendees may still be stored under such an earlier key, and links contain
/// earlier keys. So an attendee is looked up by the earlier key of a name first ([`AttendeeName::lookup_key`]), and then by
/// the key of today ([`NameKey::refolded`]). For most names, both are the same.
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

    /// Returns the key under which the attendee is stored, or under which a new attendee with this name will be stored.
    pub fn key(&self) -> &NameKey {
        &self.key
    }

    /// Returns the key by which an attendee with this name is looked up: the name without folded punctuation. It stays the
    /// same when a stored attendee gets another key, and is different for attendees who stay apart although their names
    /// are folded to the same key today.
    pub fn lookup_key(&self) -> Cow<'_, NameKey> {
        if has_foldable_punctuation(&self.display) {
            Cow::Owned(NameKey(fold_letters(&self.display)))
        } else {
            Cow::Borrowed(&self.key)
        }
    }
}

impl fmt::Display for AttendeeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display)
    }
}

impl NameKey {
    /// Returns the [lookup key](AttendeeName::lookup_key) of a name. It accepts any number of marks, so that names that were
    /// stored before this limit existed are found.
    pub fn of(name: &str) -> Result<Self, FieldProblem> {
        AttendeeName::parse_with_any_marks(name).map(|name| name.lookup_key().into_owned())
    }

    /// Creates a key from a value of [`NameKey::as_str`] that was stored or part of a cursor, without validating it.
    pub fn from_stored(key: String) -> Self {
        Self(key)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the key of today for a key that an earlier version folded. A key of today is returned as it is.
    pub fn refolded(&self) -> Cow<'_, Self> {
        if has_foldable_punctuation(&self.0) { Cow::Owned(Self(fold(&self.0))) } else { Cow::Borrowed(self) }
    }
}

/// Folds letters and punctuation.
fn fold(display: &str) -> String {
    text::fold_until_stable(display, |text| fold_punctuation(&fold_letters_once(text)))
}

/// Folds letters only, as versions before punctuation was folded did.
fn fold_letters(display: &str) -> String {
    text::fold_until_stable(display, fold_letters_once)
}

fn fold_letters_once(text: &str) -> String {
    let visible = text::without_ignorable(&text::fold_case(text));
    text::collapse_white_space(&text::nfc(&visible))
}

/// Replaces every apostrophe by `'`, every dash by `-`, and the `i` with a dot above, to which `İ` is case-folded, by `i`.
fn fold_punctuation(text: &str) -> String {
    let plain = text.chars().map(|character| match character {
        _ if text::is_apostrophe(character) => '\'',
        _ if text::is_dash(character) => '-',
        _ => character,
    });
    plain.collect::<String>().replace(DOTTED_I, "i")
}

/// Whether the two foldings of a name or key may differ.
fn has_foldable_punctuation(text: &str) -> bool {
    text.chars().any(|character| match character {
        '\'' | '-' => false,
        'İ' | DOT_ABOVE => true,
        _ => text::is_apostrophe(character) || text::is_dash(character),
    })
}

#[cfg(test)]
mod tests;
