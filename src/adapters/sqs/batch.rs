//! Batches of message bodies within the limits of SQS.

use std::borrow::Cow;

use super::MAX_BATCH_ENTRIES;

/// Bytes of all bodies in one batch call. Every region accepts them; newer ones accept 1 MiB (SQS quotas).
const MAX_BATCH_BYTES: usize = 256 * 1024;

/// Splits messages into batches that each fit one call. `bytes_of` returns the size of a message.
pub fn batches<T>(messages: &[T], bytes_of: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    let mut rest = messages;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |message: &&T| {
            bytes += bytes_of(message);
            bytes <= MAX_BATCH_BYTES
        };
        // A message that is too large is sent alone, and SQS returns the error.
        let count = rest.iter().take(MAX_BATCH_ENTRIES).take_while(fits).count().max(1);
        let (batch, others) = rest.split_at_checked(count)?;
        rest = others;
        Some(batch)
    })
}

/// Escapes the characters U+FFFE and U+FFFF, which SQS rejects (SendMessage, "Important"). A body is JSON, so the
/// escape means the same. The other characters that SQS rejects are control characters, which JSON always escapes.
pub fn escape_noncharacters(body: &str) -> Cow<'_, str> {
    if body.contains(['\u{fffe}', '\u{ffff}']) {
        Cow::Owned(body.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
    } else {
        Cow::Borrowed(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(bodies: &[String]) -> Vec<usize> {
        batches(bodies, String::len).map(<[String]>::len).collect()
    }

    #[test]
    fn batches_fit_the_limits_of_sqs() {
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&vec!["{}".to_owned(); 25]), [10, 10, 5]);
        let large = "x".repeat(100 * 1024);
        assert_eq!(sizes(&vec![large; 5]), [2, 2, 1]);
        let too_large = "x".repeat(300 * 1024);
        assert_eq!(sizes(&["{}".to_owned(), too_large, "{}".to_owned()]), [1, 1, 1]);
    }

    #[test]
    fn escapes_characters_that_sqs_rejects() {
        let body = "{\"name\": \"A\u{fffe}\u{ffff}\"}";
        assert_eq!(escape_noncharacters(body), r#"{"name": "A\ufffe\uffff"}"#);
        let same: serde_json::Value = serde_json::from_str(&escape_noncharacters(body)).unwrap();
        assert_eq!(same, serde_json::from_str::<serde_json::Value>(body).unwrap());
        assert!(matches!(escape_noncharacters(r#"{"name": "Ana 👋"}"#), Cow::Borrowed(_)));
    }
}
