//! Text that a terminal shows and does not act on.

use std::fmt::Write as _;

use crate::domain::text;

/// The line with `\u009b` and the like in place of what a terminal would act on: names come from strangers.
///
/// JSON stays the same JSON, since there these characters stand only within strings.
pub fn visible(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for character in line.chars() {
        if text::is_invisible(character) {
            write!(shown, "\\u{:04x}", u32::from(character)).expect("a String takes everything");
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A line of a table as [`visible`] shows it, its end kept.
pub fn visible_row(row: &[u8]) -> String {
    let row = String::from_utf8_lossy(row);
    let cells = row.trim_end_matches(['\r', '\n']);
    visible(cells) + &row[cells.len()..]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_name_cannot_act_on_the_terminal() {
        assert_eq!(visible("Ana\x1b[2J\r\u{9b}31m\u{202e}nab"), "Ana\\u001b[2J\\u000d\\u009b31m\\u202enab");
        assert_eq!(visible("Zoë 🏳️‍🌈 علی"), "Zoë 🏳️‍🌈 علی");
    }

    #[test]
    fn json_stays_the_same_json() {
        let answer = json!({"name": "Ana\u{9b}\u{7f}\x1b\"\\"});
        let shown = visible(&answer.to_string());
        assert!(!shown.chars().any(char::is_control));
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), answer);
    }

    #[test]
    fn a_row_keeps_its_end() {
        assert_eq!(visible_row(b"dance,A\x1bna\xff\r\n"), "dance,A\\u001bna\\ufffd\r\n");
        assert_eq!(visible_row(b"dance,Ana"), "dance,Ana");
    }
}
