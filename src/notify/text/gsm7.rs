//! How many messages a phone network makes of a text, by 3GPP TS 23.038.

/// Section 6.2.1, the basic character set, without the Latin letters and digits of ASCII: one septet each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Section 6.2.1.1, the extension table: an escape and a second septet.
const EXTENSION: &str = "\u{C}^{}\\[~]|€";

/// The room of a message in septets, alone, and as one of several: each of those begins with a header of 6 octets
/// (3GPP TS 23.040, section 9.2.3.24.1).
const SEPTETS: Room = Room { alone: 160, each: 153 };
/// The same in UTF-16 units.
const UTF16_UNITS: Room = Room { alone: 70, each: 67 };

struct Room {
    alone: usize,
    each: usize,
}

/// How many messages the text takes: in GSM-7 if every character is in it, else in UCS-2.
pub fn segments(text: &str) -> usize {
    match text.chars().map(septets).collect::<Option<Vec<usize>>>() {
        Some(sizes) => SEPTETS.messages(&sizes),
        None => UTF16_UNITS.messages(&text.chars().map(char::len_utf16).collect::<Vec<usize>>()),
    }
}

/// Whether GSM-7 can say it.
pub fn is_gsm7(text: &str) -> bool {
    text.chars().all(|character| septets(character).is_some())
}

fn septets(character: char) -> Option<usize> {
    if character.is_ascii_alphanumeric() || BASIC.contains(character) {
        Some(1)
    } else if EXTENSION.contains(character) {
        Some(2)
    } else {
        None
    }
}

impl Room {
    /// Characters of these sizes, none of which is split over two messages.
    fn messages(&self, sizes: &[usize]) -> usize {
        if sizes.iter().sum::<usize>() <= self.alone {
            return 1;
        }
        let (mut messages, mut used) = (1, 0);
        for size in sizes {
            if used + size > self.each {
                messages += 1;
                used = 0;
            }
            used += size;
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_is_that_of_the_standard() {
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
    fn segments_are_counted_as_a_network_does() {
        for (text, expected) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("ä".repeat(160), 1),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            // An escape and its character stay together: a septet of each of 152 and 1 is left over.
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
            // So do surrogates.
            ("🎉".repeat(66), 2),
            ("🎉".repeat(67), 3),
            (format!("{}ł", "a".repeat(69)), 1),
            (format!("{}ł", "a".repeat(70)), 2),
        ] {
            assert_eq!(segments(&text), expected, "{text}");
        }
    }
}
