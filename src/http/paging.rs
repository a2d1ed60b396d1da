//! Paging through long lists with a limit and a cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::domain::event::EventId;
use crate::http::problem::{Problem, ProblemKind};
use crate::ports::RosterPage;

/// Number of items on a page if the client sets no `limit`.
pub const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;

/// Maximum size of the names or titles on a page, in bytes. With it, a page stays below
/// [`MAX_PAGE_BYTES`](crate::http::middleware::memory_limit::MAX_PAGE_BYTES) even if each name has the maximum length.
const MAX_TEXT_BYTES: usize = 64 * 1_024;

/// Maximum size of the key in a cursor. DynamoDB accepts no empty sort key, and none of more than 1,024 bytes.
const MAX_CURSOR_BYTES: usize = 1_024;

#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Maximum number of items on the page: 1 to 1,000. Default: 100.
    #[param(value_type = Option<usize>)]
    limit: Option<String>,
    /// The value of `next` from the previous page.
    cursor: Option<String>,
}

impl PageQuery {
    pub fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = &self.limit else { return Ok(DEFAULT_LIMIT) };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        let detail = "Invalid `limit`. Use a number from 1 to 1000.";
        limit.ok_or_else(|| Problem::new(ProblemKind::MalformedRequest, detail))
    }

    /// Returns the key of the last item on the previous page, or `None` for the first page.
    pub fn cursor(&self) -> Result<Option<String>, Problem> {
        self.cursor.as_deref().map(decode_cursor).transpose()
    }

    /// Returns the position and the key of the last item on the previous page, or `None` for the first page. The position
    /// is a number that comes before the key.
    pub fn numbered_cursor(&self) -> Result<Option<(i64, String)>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let parts = decode_text(cursor).and_then(|text| {
            let (number, key) = text.split_once(' ')?;
            Some((number.parse().ok()?, key.to_owned())).filter(|(_, key)| is_key(key))
        });
        parts.map(Some).ok_or_else(invalid_cursor)
    }
}

/// Parses the event id of a path or query.
pub fn parse_event_id(text: &str) -> Result<EventId, Problem> {
    EventId::parse(text).map_err(|problem| problem.in_field("event").into())
}

/// Splits a list into its first page and the cursor of the next page. The page has at most `limit` items, and their texts
/// have at most [`MAX_TEXT_BYTES`]. The cursor is `None` if there are no more items. To make this visible, the caller
/// must read one item more than the limit.
pub fn split_page<T>(
    mut items: Vec<T>,
    limit: usize,
    text: impl Fn(&T) -> &str,
    key: impl Fn(&T) -> &str,
) -> (Vec<T>, Option<String>) {
    let fitting = count_fitting(items.iter().take(limit).map(text));
    let has_more = items.len() > fitting;
    items.truncate(fitting);
    let next = items.last().filter(|_| has_more).map(|last| encode_cursor(key(last)));
    (items, next)
}

/// Ends a page of the roster after at most [`MAX_TEXT_BYTES`] of names.
pub fn limit_bytes(page: RosterPage) -> RosterPage {
    let RosterPage { mut attendees, mut next, .. } = page;
    let fitting = count_fitting(attendees.iter().map(|attendee| attendee.name.as_str()));
    if fitting < attendees.len() {
        attendees.truncate(fitting);
        next = attendees.last().map(|last| last.name.key().clone());
    }
    RosterPage { attendees, next, ..page }
}

/// Returns how many of the texts fit on one page: at least one, if there is one.
fn count_fitting<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    let mut bytes = 0;
    let fits = |(index, text): &(usize, &str)| {
        bytes += text.len();
        *index == 0 || bytes <= MAX_TEXT_BYTES
    };
    texts.enumerate().take_while(fits).count()
}

/// Returns the key in a cursor, which is never empty.
pub fn decode_cursor(cursor: &str) -> Result<String, Problem> {
    decode_text(cursor).filter(|key| is_key(key)).ok_or_else(invalid_cursor)
}

fn decode_text(cursor: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

/// Returns whether the storage backends accept a key of a cursor.
pub fn is_key(key: &str) -> bool {
    (1..=MAX_CURSOR_BYTES).contains(&key.len())
}

/// Returns the cursor of a position that has several parts.
pub fn encode_position(position: &impl Serialize) -> String {
    encode_cursor(&serde_json::to_string(position).expect("a position is plain data"))
}

/// Parses the cursor of a position that has several parts. Every key in it must be [valid](is_key).
pub fn decode_position<T: DeserializeOwned>(cursor: &str, is_valid: impl Fn(&T) -> bool) -> Result<T, Problem> {
    let position = decode_text(cursor).and_then(|json| serde_json::from_str(&json).ok());
    position.filter(is_valid).ok_or_else(invalid_cursor)
}

pub fn invalid_cursor() -> Problem {
    let detail = "Invalid `cursor`. Take it from `next` of the previous page, or omit it.";
    Problem::new(ProblemKind::MalformedRequest, detail)
}

pub fn encode_cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// The text of a numbered cursor, before it is encoded.
pub fn numbered(number: i64, key: &str) -> String {
    format!("{number} {key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_ends_at_limit_or_at_maximum_size() {
        let split = |length: usize, limit| {
            let items: Vec<String> = (0..200).map(|index| format!("{index:03}{}", "x".repeat(length - 3))).collect();
            split_page(items, limit, |item| item, |item| item)
        };
        let (items, next) = split(10, 150);
        assert_eq!((items.len(), next), (150, Some(encode_cursor("149xxxxxxx"))));
        assert_eq!(split(10, 200).1, None);
        assert_eq!(split(1_024, 200).0.len(), 64);
        let (items, next) = split(MAX_TEXT_BYTES + 1, 200);
        assert_eq!(items.len(), 1);
        assert_eq!(next, Some(encode_cursor(&items[0])));
    }
}
