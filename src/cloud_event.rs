//! An announcement as a CloudEvent 1.0 in its JSON format, for programs.

use serde_json::{Value, json};
use url::Url;

use crate::announcement::Announcement;
use crate::timestamp::Timestamp;

/// The type of an event's news.
pub const ANNOUNCEMENT: &str = "countmein.announcement";

/// `source` is where the event's page is, `text` the announcement as people read it, `manage` the recipient's own link,
/// if there is one.
pub fn announcement(
    id: &str,
    source: &Url,
    announcement: &Announcement,
    text: &str,
    manage: Option<&Url>,
    at: Timestamp,
) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": source.as_str(),
        "type": ANNOUNCEMENT,
        "subject": announcement.event.as_str(),
        "time": at,
        "datacontenttype": "application/json",
        "data": {
            "event": announcement.event.as_str(),
            "title": announcement.title,
            "joined": announcement.joined,
            "left": announcement.left,
            "others": { "joined": announcement.others.joined, "left": announcement.others.left },
            "count": announcement.count,
            "text": text,
            "manage": manage.map(Url::as_str),
        },
    })
}
