//! Decodes the text of cells, and handles formulas and shortened numbers in it.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// Decodes a cell as UTF-8 if it is valid UTF-8, and else as Windows-1252, which Excel writes in many countries.
pub fn decode(cell: &[u8]) -> String {
    match std::str::from_utf8(cell) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(cell).0.into_owned(),
    }
}

/// Puts a `'` before a text that a spreadsheet would change, so that it reads the text as text. [`unescape`] takes it off.
pub fn escape(text: &str) -> Cow<'_, str> {
    if needs_escape(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Removes the `'` that [`escape`] adds. People type it, too, before phone numbers and other digits.
pub fn unescape(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if loses_quote(rest) => rest,
        _ => text,
    }
}

/// Puts a `'` before a formula, so that a spreadsheet does not evaluate it.
pub fn escape_formula(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Whether a text would not be the same after a spreadsheet has opened and saved it, or after [`unescape`].
fn needs_escape(text: &str) -> bool {
    is_formula(text) || is_converted(text) || text.strip_prefix('\'').is_some_and(loses_quote)
}

/// Whether [`unescape`] removes a `'` before this text.
fn loses_quote(rest: &str) -> bool {
    needs_escape(rest) || rest.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a spreadsheet may read a text as a formula: <https://owasp.org/www-community/attacks/CSV_Injection>. Some
/// spreadsheets treat full-width signs like ASCII ones.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// The digits of a number that a spreadsheet keeps as they are.
const KEPT_DIGITS: usize = 11;

/// Whether a spreadsheet may read a text as a number, a date, a time or a truth value, and write it in another form: `007`, `1E5`,
/// `1/2`, `3 Dec`, `true`.
fn is_converted(text: &str) -> bool {
    let is_kept_number = text.len() <= KEPT_DIGITS
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    if is_kept_number {
        return false;
    }
    let mut words = text.split([' ', '.', ',', ':', '/', '-', '+', '%']).filter(|word| !word.is_empty()).peekable();
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    let is_part = |word: &str| {
        let word = word.to_lowercase();
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'e')
            && word.starts_with(|c: char| c.is_ascii_digit());
        is_number
            || matches!(&*word, "am" | "pm")
            || MONTHS.iter().any(|month| word.len() >= 3 && month.starts_with(&word))
    };
    let is_truth = matches!(&*text.to_lowercase(), "true" | "false" | "wahr" | "falsch");
    is_truth || (has_digit && words.peek().is_some() && words.all(is_part))
}

/// In the languages of the pages. Spreadsheets also know their beginnings.
const MONTHS: [&str; 19] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "januar",
    "februar",
    "märz",
    "mai",
    "juni",
    "juli",
    "dezember",
];

/// Whether a text is a number like `4,91512E+11`. Spreadsheets write long phone numbers this way and lose the
/// last digits.
pub fn is_scientific_notation(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    mantissa.split(['.', ',']).all(is_digits) && is_digits(exponent.trim_start_matches('+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_change_is_escaped() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "＝1+1",
            "+14155552671",
            "007",
            "1E5",
            "4,91512E+11",
            "1/2",
            "12.30",
            "1,5",
            "50 %",
            "18:30",
            "6 pm",
            "2026-12-03",
            "3 Dec",
            "Mai 1",
            "3. Dezember 2026",
            "March 2026",
            "TRUE",
            "Falsch",
            "123456789012",
            "'=1",
            "''=1",
            "'007",
            "'12 friends",
        ] {
            assert_eq!(escape(text), format!("'{text}"), "{text}");
            assert_eq!(unescape(&escape(text)), text);
        }
        for text in ["Ana", "0", "12", "2 adults", "'t Hooft", "May", "Mark 3", "No. 5 please", "", "Dec", "a-1", "§ 5"]
        {
            assert_eq!(escape(text), text);
            assert_eq!(unescape(text), text);
        }
        // As people type it.
        assert_eq!((unescape("'0170 123"), unescape("'12")), ("0170 123", "12"));
    }

    proptest::proptest! {
        #[test]
        fn escaped_text_is_read_back(text in "['=+@0-9a-eDJMec ./:-]{0,8}|\\PC{0,6}") {
            let escaped = escape(&text);
            proptest::prop_assert_eq!(unescape(&escaped), &text);
        }
    }
}
