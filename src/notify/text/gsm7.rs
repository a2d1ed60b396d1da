//! Counts the segments of a text message as phone networks count them (3GPP TS 23.038).

/// Characters that take one septet: the basic character set (section 6.2.1), except ASCII letters and digits.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Characters that take two septets, an escape and a code: the extension table (section 6.2.1.1).
const EXTENSION: &str = "\u{C}^{}\\[~]|€";

/// The capacity of a segment in septets. Each part of a longer message begins with a header of 6 octets (3GPP TS
/// 23.040, section 9.2.3.24.1).
const SEPTETS: Capacity = Capacity { single: 160, part: 153 };
/// The capacity of a segment in UTF-16 code units.
const UTF16_UNITS: Capacity = Capacity { single: 70, part: 67 };

/// The number of septets or UTF-16 code units in one segment.
struct Capacity {
    /// If the segment is the whole message.
    single: usize,
    /// If the segment is one part of a longer message.
    part: usize,
}

/// Counts the segments of a text. It is encoded in GSM-7 if [`is_gsm7`], and in UCS-2 otherwise.
pub fn segments(text: &str) -> usize {
    match text.chars().map(septets).collect::<Option<Vec<usize>>>() {
        Some(sizes) => SEPTETS.segments(&sizes),
        None => UTF16_UNITS.segments(&text.chars().map(char::len_utf16).collect::<Vec<usize>>()),
    }
}

/// Whether the GSM-7 alphabet contains all characters of the text.
pub fn is_gsm7(text: &str) -> bool {
    text.chars().all(|character| septets(character).is_some())
}

/// Returns `None` if the GSM-7 alphabet does not contain the character.
fn septets(character: char) -> Option<usize> {
    if character.is_ascii_alphanumeric() || BASIC.contains(character) {
        Some(1)
    } else if EXTENSION.contains(character) {
        Some(2)
    } else {
        None
    }
}

impl Capacity {
    /// Counts the segments for characters of these sizes. A character is never split between two segments.
    fn segments(&self, sizes: &[usize]) -> usize {
        if sizes.iter().sum::<usize>() <= self.single {
            return 1;
        }
        let (mut segments, mut used) = (1, 0);
        for size in sizes {
            if used + size > self.part {
                segments += 1;
                used = 0;
            }
            used += size;
        }
        segments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alphabet_matches_standard() {
        let letters_and_digits = 26 + 26 + 10;
        // 128 code points, one of which is the escape.
        assert_eq!(BASIC.chars().count() + letters_and_digits, 127);
        for character in BASIC.chars().chain('a'..='z').chain('A'..='Z').chain('0'..='9') {
            assert_eq!(septets(character), Some(1), "{character:?}");
        }
        for character in ['\u{C}', '^', '{', '}', '\\', '[', '~', ']', '|', '€'] {
            assert_eq!(septets(character), Some(2), "{character:?}");
        }
        for character in ['`', 'ç', 'á', 'Ł', '…', '“', '–', '\t', '\u{1B}', '\u{A0}', '\u{2068}', '🎉'] {
            assert_eq!(septets(character), None, "{character:?}");
        }
    }

    #[test]
    fn counts_segments_like_a_network() {
        for (text, expected) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("ä".repeat(160), 1),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            // An escape is not separated from its code, so one septet of each part stays unused.
            ("€".repeat(152), 2),
            ("€".repeat(153), 3),
            (format!("{}€{}", "a".repeat(152), "a".repeat(151)), 2),
            (format!("{}€{}", "a".repeat(152), "a".repeat(152)), 3),
            ("ł".repeat(70), 1),
            ("ł".repeat(71), 2),
            ("ł".repeat(134), 2),
            ("ł".repeat(135), 3),
            ("🎉".repeat(35), 1),
            ("🎉".repeat(36), 2),
            // A surrogate pair is not split either.
            ("🎉".repeat(66), 2),
            ("🎉".repeat(67), 3),
            (format!("{}ł", "a".repeat(69)), 1),
            (format!("{}ł", "a".repeat(70)), 2),
        ] {
            assert_eq!(segments(&text), expected, "{text}");
        }
    }
}
