//! Reads the token at the end of a link, as people and programs pass it on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Returns the possible bytes of a token. The caller verifies the tag in them.
pub fn candidates(text: &str) -> impl Iterator<Item = Vec<u8>> {
    spellings(text).filter_map(|digits| URL_SAFE_NO_PAD.decode(digits).ok())
}

/// Returns the possible tokens in a text.
///
/// Mail clients, chat programs and people add punctuation, brackets, quotation marks and formatting at the end of a link, and
/// spaces and line breaks within it. Only `_` and `-` are formatting and digits of base64url, so the text is also read without those at its ends.
pub fn spellings(text: &str) -> impl Iterator<Item = String> {
    let digits: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    let marks = ['_', '-'];
    let trimmed = [digits.trim_end_matches(marks), digits.trim_start_matches(marks), digits.trim_matches(marks)];
    let trimmed: Vec<String> =
        trimmed.into_iter().filter(|text| text.len() < digits.len()).map(str::to_owned).collect();
    [digits].into_iter().chain(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decorated_token_is_read() {
        for bytes in [&[0xfb_u8, 0xff, 0xfe, 1, 2, 3][..], &[0; 9], &[250, 9, 200, 77]] {
            let token = URL_SAFE_NO_PAD.encode(bytes);
            for text in [
                token.clone(),
                format!("{token}."),
                format!("{token}),"),
                format!("{token}>"),
                format!("{token}”"),
                format!("{token}**"),
                format!("{token}_"),
                format!(" {token}\u{200b}"),
                format!("{}\r\n {}", &token[..3], &token[3..]),
            ] {
                assert!(candidates(&text).any(|found| found == bytes), "{text:?}");
            }
        }
        assert_eq!(candidates("!").next(), Some(Vec::new()));
    }
}
