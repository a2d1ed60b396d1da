//! Escapes control characters, so that a terminal shows text and does not act on it.

use std::fmt::Write as _;

use crate::domain::text;

/// Replaces characters that a terminal would act on with escapes such as `\u009b`. Names come from strangers.
///
/// A JSON text keeps its meaning, because it contains these characters only inside strings.
pub fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    for character in line.chars() {
        if text::is_unprintable(character) {
            write!(escaped, "\\u{:04x}", u32::from(character)).expect("writing to a String cannot fail");
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Escapes a CSV row like [`escape`], but keeps its line ending.
pub fn escape_row(row: &[u8]) -> String {
    let row = String::from_utf8_lossy(row);
    let cells = row.trim_end_matches(['\r', '\n']);
    escape(cells) + &row[cells.len()..]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn escapes_control_characters() {
        assert_eq!(escape("Ana\x1b[2J\r\u{9b}31m\u{202e}nab"), "Ana\\u001b[2J\\u000d\\u009b31m\\u202enab");
        assert_eq!(escape("Zoë 🏳️‍🌈 علی"), "Zoë 🏳️‍🌈 علی");
    }

    #[test]
    fn escaped_json_is_the_same_json() {
        let value = json!({"name": "Ana\u{9b}\u{7f}\x1b\"\\"});
        let shown = escape(&value.to_string());
        assert!(!shown.chars().any(char::is_control));
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
    }

    #[test]
    fn escaped_row_keeps_its_line_ending() {
        assert_eq!(escape_row(b"dance,A\x1bna\xff\r\n"), "dance,A\\u001bna\\ufffd\r\n");
        assert_eq!(escape_row(b"dance,Ana"), "dance,Ana");
    }
}
