//! Cells as people meant them.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// UTF-8, and what is not that as Windows-1252, as Excel saves it in much of the world.
pub fn decoded(cell: &[u8]) -> String {
    match std::str::from_utf8(cell) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(cell).0.into_owned(),
    }
}

/// Without the `'` by which the export keeps a spreadsheet from taking a text for a formula, or by which a person did.
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => text,
    }
}

/// Whether a spreadsheet takes a text for a formula: <https://owasp.org/www-community/attacks/CSV_Injection>. Some read
/// full-width signs like plain ones.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// With a `'` before what would be a formula, so that a spreadsheet runs nothing of it.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// `4,91512E+11`: a number as a spreadsheet shows it, whose last digits are gone.
pub fn is_shortened(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    mantissa.split(['.', ',']).all(digits) && digits(exponent.trim_start_matches('+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_runs_nothing() {
        for name in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1"] {
            assert_eq!(guarded(name), format!("'{name}"));
        }
        assert_eq!(guarded("Ana"), "Ana");
    }
}
