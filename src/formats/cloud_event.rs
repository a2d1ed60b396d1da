//! What people are told, as CloudEvents 1.0 in their JSON format, for programs.

use serde_json::{Value, json};
use url::Url;

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::timestamp::Timestamp;

/// The type of an event's news.
pub const ANNOUNCEMENT: &str = "countmein.announcement";

/// The type of a link that was asked for again.
pub const LINK_AGAIN: &str = "countmein.link";

/// `source` is where the event's page is, `manage` the attendee's own link, for nobody else.
pub fn link_again(id: &str, source: &Url, attendee: &Attendee, manage: &Url, at: Timestamp) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": source.as_str(),
        "type": LINK_AGAIN,
        "subject": attendee.event.as_str(),
        "time": at,
        "datacontenttype": "application/json",
        "data": {
            "event": attendee.event.as_str(),
            "title": attendee.title,
            "name": attendee.name.as_str(),
            "manage": manage.as_str(),
        },
    })
}

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
