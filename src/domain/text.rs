//! Normalisation and validation of text that people type: Unicode forms, case
//! folding, invisible characters and lengths.
//!
//! ASCII text takes a fast path that does not use the Unicode tables. A property test verifies that both paths agree.

use std::sync::LazyLock;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint, GeneralCategory, NoncharacterCodePoint};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed};
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::invalid::FieldProblem;

/// The maximum length of an event id or a folded name, in bytes. Both are DynamoDB sort keys, which have this limit.
pub const MAX_KEY_BYTES: usize = 1_024;

const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();
const NOT_A_CHARACTER: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<NoncharacterCodePoint>();
const BIDI_CONTROL: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<BidiControl>();

/// The maximum number of marks on one character (Unicode UTS #39, section 5.4). More of them would cover the lines above
/// and below.
const MAX_MARKS: usize = 4;

/// Applies canonical composition (NFC), for example `e` + `◌́` to `é`.
pub fn nfc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// Applies compatibility composition (NFKC), which also replaces full-width letters,
/// ligatures and similar characters with plain ones.
pub fn nfkc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned()
}

/// Applies full Unicode case folding, for example `ß` to `ss`.
pub fn fold_case(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    CaseMapper::new().fold_string(text).into_owned()
}

/// Repeats a step of folding until the text no longer changes, since normalisation may compose folded characters into
/// characters that can be folded again, and folding can undo the composition.
pub fn fold_until_stable(text: &str, step: impl Fn(&str) -> String) -> String {
    let mut folded = text.to_owned();
    loop {
        let next = step(&folded);
        if next == folded {
            return folded;
        }
        folded = next;
    }
}

/// Trims the text and replaces each run of white space with one space.
pub fn collapse_white_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Removes default-ignorable code points, such as joiners, variation selectors and soft hyphens.
pub fn without_ignorable(text: &str) -> String {
    text.chars().filter(|&c| c.is_ascii() || !IGNORABLE.contains(c)).collect()
}

/// Checks that a text has 1 to `limit` grapheme clusters (Unicode UAX #29) and at most [`MAX_KEY_BYTES`] bytes. The
/// limit in bytes is needed because one cluster can contain any number of code points.
pub fn check_length(text: &str, limit: usize) -> Result<(), FieldProblem> {
    if text.is_empty() {
        return Err(FieldProblem::Empty { limit });
    }
    if text.len() > MAX_KEY_BYTES {
        return Err(FieldProblem::TooManyBytes { found: text.len(), limit: MAX_KEY_BYTES });
    }
    let found = count_characters(text);
    if found > limit {
        return Err(FieldProblem::TooLong { found, limit });
    }
    Ok(())
}

fn count_characters(text: &str) -> usize {
    // `\r\n` is the only grapheme cluster of two ASCII characters.
    if text.is_ascii() && !text.contains("\r\n") { text.len() } else { text.graphemes(true).count() }
}

/// Rejects text with an [invisible](is_unprintable) character. Joiners are allowed,
/// since Persian, Hindi and emoji need them.
pub fn check_visible(text: &str) -> Result<(), FieldProblem> {
    match text.chars().find(|&c| is_unprintable(c)) {
        Some(character) => Err(FieldProblem::Invisible { character }),
        None => Ok(()),
    }
}

/// Rejects text with more than four nonspacing marks in a row, such as accents.
pub fn check_marks(text: &str) -> Result<(), FieldProblem> {
    if text.is_ascii() {
        return Ok(());
    }
    let mut marks = 0;
    for character in text.chars() {
        let is_mark = matches!(category(character), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
        marks = if is_mark { marks + 1 } else { 0 };
        if marks > MAX_MARKS {
            return Err(FieldProblem::TooManyMarks { limit: MAX_MARKS });
        }
    }
    Ok(())
}

/// Whether people type this punctuation mark as an apostrophe. Letters that look like one, such as U+02BC, are not among
/// these characters.
pub fn is_apostrophe(character: char) -> bool {
    // Also accents and primes without a letter, their full-width forms, the Armenian apostrophe and the Hebrew geresh.
    matches!(
        character,
        '\'' | '`' | '´' | '‘' | '’' | '‛' | '′' | '‵' | '＇' | '｀' | '\u{1FEF}' | '\u{1FFD}' | '\u{55A}' | '\u{5F3}'
    )
}

/// Whether people type this punctuation mark as a hyphen or a dash.
pub fn is_dash(character: char) -> bool {
    // The hyphens and dashes of General Punctuation, the minus sign, the Armenian and the Hebrew hyphen, and the small and
    // full-width forms.
    matches!(
        character,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{58A}' | '\u{5BE}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}'
    )
}

/// The general category of a character.
pub fn category(character: char) -> GeneralCategory {
    static CATEGORY: LazyLock<CodePointMapDataBorrowed<'static, GeneralCategory>> =
        LazyLock::new(CodePointMapData::<GeneralCategory>::new);
    CATEGORY.get(character)
}

/// Returns whether a character is not allowed in text that is shown to others, because it breaks lines, is invisible or
/// changes the direction of the surrounding text. Examples are control characters, bidirectional overrides, the
/// zero-width space and the replacement character (U+FFFD).
pub fn is_unprintable(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || BIDI_CONTROL.contains(c)
        || NOT_A_CHARACTER.contains(c)
        // Zero-width space, zero-width no-break space, blank Braille pattern, annotation and replacement characters.
        || matches!(c, '\u{200B}' | '\u{FEFF}' | '\u{2800}' | '\u{FFF9}'..='\u{FFFD}')
}

/// Returns the first characters of a text of others, without control characters, so that it can be logged and shown.
pub fn printable(text: &str, max_chars: usize) -> String {
    text.chars().filter(|character| !character.is_control()).take(max_chars).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn length_is_limited_in_characters_and_bytes() {
        let text = |bytes| "x".repeat(bytes);
        assert_eq!(check_length("", 3), Err(FieldProblem::Empty { limit: 3 }));
        assert_eq!(check_length("é\u{301}ab", 3), Ok(()));
        assert_eq!(check_length("abcd", 3), Err(FieldProblem::TooLong { found: 4, limit: 3 }));
        assert_eq!(check_length(&text(MAX_KEY_BYTES), usize::MAX), Ok(()));
        let found = MAX_KEY_BYTES + 1;
        let too_many = FieldProblem::TooManyBytes { found, limit: MAX_KEY_BYTES };
        assert_eq!(check_length(&text(found), usize::MAX), Err(too_many));
    }

    proptest! {
        #![proptest_config(crate::seed::config(256))]

        #[test]
        fn ascii_path_matches_unicode_tables(text in "[\\x00-\\x7F]{0,20}|(\r\n|a|\r|\n){0,6}") {
            prop_assert_eq!(fold_case(&text), CaseMapper::new().fold_string(&text));
            prop_assert_eq!(count_characters(&text), text.graphemes(true).count());
            for character in text.chars() {
                prop_assert!(!IGNORABLE.contains(character) && !BIDI_CONTROL.contains(character));
            }
        }
    }
}
