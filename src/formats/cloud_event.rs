//! Notifications to programs: CloudEvents 1.0 in their JSON format.

use serde_json::{Value, json};
use url::Url;

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::timestamp::Timestamp;

/// The CloudEvents type of an announcement.
pub const ANNOUNCEMENT: &str = "countmein.announcement";

/// The CloudEvents type of a manage link that was requested again.
pub const LINK_RESENT: &str = "countmein.link";

/// The message with a manage link. `source` is the URL of the event's page. `manage` is secret: only the attendee's own webhook
/// may get it.
pub fn link_resent(id: &str, source: &Url, attendee: &Attendee, manage: &Url, at: Timestamp) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": source.as_str(),
        "type": LINK_RESENT,
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

/// The message with an announcement. `source` is the URL of the event's page, `text` the announcement as one line of text, and
/// `manage` the recipient's own manage link, if any.
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
