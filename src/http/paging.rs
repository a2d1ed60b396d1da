//! Pages of long lists.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::event::EventId;
use crate::http::problem::{Kind, Problem};

/// Names on a page of the roster unless the client says otherwise, and the most it may ask for.
pub const PAGE: usize = 100;
const LONGEST_PAGE: usize = 1_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many at the most, 1 to 1,000; 100 if absent.
    #[param(value_type = Option<usize>)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

pub fn event_id(text: &str) -> Result<EventId, Problem> {
    EventId::parse(text).map_err(|problem| problem.in_field("event").into())
}

impl PageQuery {
    pub fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = &self.limit else { return Ok(PAGE) };
        let limit = text.parse().ok().filter(|limit| (1..=LONGEST_PAGE).contains(limit));
        limit.ok_or_else(|| Problem::new(Kind::MalformedRequest, "`limit` must be a number from 1 to 1000"))
    }

    pub fn cursor(&self) -> Result<Option<String>, Problem> {
        let Some(text) = &self.cursor else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let cursor = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let detail = "`cursor` is none of ours; take it from `next` of the page before, or leave it out";
        cursor.map(Some).ok_or_else(|| Problem::new(Kind::MalformedRequest, detail))
    }
}

/// Of items asked for with one beyond the limit: the page, and the cursor of the next one if there is more.
pub fn cut<T>(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> &str) -> (Vec<T>, Option<String>) {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| to_cursor(key(last)));
    (items, next)
}

pub fn to_cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}
