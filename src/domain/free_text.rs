//! Text that people type and others read: one line, or several.

use std::fmt;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::domain::invalid::FieldProblem;
use crate::domain::text;

/// The maximum number of bytes for each allowed character. Most characters need fewer, and one character can contain any
/// number of marks.
const MAX_BYTES_PER_CHAR: usize = 16;

/// One line of text with 1 to `MAX` grapheme clusters: in NFC, trimmed, with single spaces and without invisible
/// characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<const MAX: usize>(String);

/// Text with 1 to `MAX` grapheme clusters, which may contain line breaks (`\n`). In NFC and without other invisible
/// characters. There is no white space at the ends of lines, and no more than one empty line in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraphs<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    /// The maximum number of grapheme clusters.
    pub const MAX_CHARS: usize = MAX;

    pub fn parse(typed: &str) -> Result<Self, FieldProblem> {
        let line = text::collapse_white_space(&text::nfc(typed));
        check(&line, MAX)?;
        text::check_visible(&line)?;
        Ok(Self(line))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Paragraphs<MAX> {
    /// The maximum number of grapheme clusters.
    pub const MAX_CHARS: usize = MAX;

    pub fn parse(typed: &str) -> Result<Self, FieldProblem> {
        let composed = text::nfc(typed);
        let mut lines: Vec<&str> = composed.lines().map(str::trim_end).collect();
        lines.dedup_by(|next, line| next.is_empty() && line.is_empty());
        let paragraphs = lines.join("\n").trim().to_owned();
        check(&paragraphs, MAX)?;
        paragraphs.lines().try_for_each(text::check_visible)?;
        Ok(Self(paragraphs))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(text: &str, max_chars: usize) -> Result<(), FieldProblem> {
    if text.is_empty() {
        return Err(FieldProblem::Empty { limit: max_chars });
    }
    let max_bytes = max_chars * MAX_BYTES_PER_CHAR;
    if text.len() > max_bytes {
        return Err(FieldProblem::TooManyBytes { found: text.len(), limit: max_bytes });
    }
    let found = text.graphemes(true).count();
    if found > max_chars {
        return Err(FieldProblem::TooLong { found, limit: max_chars });
    }
    text::check_marks(text)
}

impl<const MAX: usize> fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_has_single_spaces() {
        assert_eq!(Line::<20>::parse("  Omar's \n dinner ").unwrap().as_str(), "Omar's dinner");
        assert_eq!(Line::<3>::parse(" "), Err(FieldProblem::Empty { limit: 3 }));
        assert_eq!(Line::<3>::parse("abc").unwrap().as_str(), "abc");
        assert_eq!(Line::<3>::parse("abcd"), Err(FieldProblem::TooLong { found: 4, limit: 3 }));
        assert_eq!(Line::<3>::parse("a\u{202E}"), Err(FieldProblem::Invisible { character: '\u{202E}' }));
        let marks = format!("a{}", "\u{301}".repeat(6));
        assert_eq!(Line::<3>::parse(&marks), Err(FieldProblem::TooManyMarks { limit: 4 }));
        assert_eq!(
            Line::<1>::parse(&"\u{1F469}\u{200D}".repeat(9)),
            Err(FieldProblem::TooManyBytes { found: 63, limit: 16 })
        );
    }

    #[test]
    fn size_is_limited_to_sixteen_bytes_per_character() {
        let two = "👩🏽‍🦱👁️‍🗨️";
        assert_eq!(two.len(), 32);
        assert_eq!(Line::<2>::parse(two).unwrap().as_str(), two);
    }

    #[test]
    fn paragraphs_keep_their_line_breaks() {
        let text = Paragraphs::<40>::parse("\r\nBring a chair. \r\n\r\n\r\n\nAnd a coat.\n").unwrap();
        assert_eq!(text.as_str(), "Bring a chair.\n\nAnd a coat.");
        assert_eq!(Paragraphs::<9>::parse("a\tb"), Err(FieldProblem::Invisible { character: '\t' }));
        assert_eq!(Paragraphs::<4>::parse("ab\ncd"), Err(FieldProblem::TooLong { found: 5, limit: 4 }));
    }
}
