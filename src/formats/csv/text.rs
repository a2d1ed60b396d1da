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

/// Removes a leading `'` before a formula or a digit. Both the CSV export and people
/// put it there, so that a spreadsheet reads the cell as text.
pub fn unescape_formula(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => text,
    }
}

/// Whether a spreadsheet may read a text as a formula: <https://owasp.org/www-community/attacks/CSV_Injection>. Some
/// spreadsheets treat full-width signs like ASCII ones.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// Puts a `'` before a formula, so that a spreadsheet does not evaluate it.
pub fn escape_formula(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

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
    fn escapes_every_formula() {
        for name in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1"] {
            assert_eq!(escape_formula(name), format!("'{name}"));
        }
        assert_eq!(escape_formula("Ana"), "Ana");
    }
}
