//! Builds the CloudEvents 1.0, in their JSON format, that webhooks and SNS topics receive.

use serde_json::{Value, json};
use url::Url;

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::event::EventId;
use crate::domain::seat::SeatNews;
use crate::domain::timestamp::Timestamp;

/// The `type` attribute of an event that contains an announcement.
pub const ANNOUNCEMENT_TYPE: &str = "countmein.announcement";

/// The `type` attribute of an event that contains a resent manage link.
pub const LINK_RESENT_TYPE: &str = "countmein.link";

/// The `type` attribute of an event about the recipient's own seat.
pub const SEAT_TYPE: &str = "countmein.seat";

/// Builds the event that says whether the recipient's party has a place.
///
/// `source` is the URL of the event's page, and `text` is the news as one line of text. `manage` is the manage link. It is
/// secret, so the result may only be sent to the attendee's own webhook.
pub fn seat(
    id: &str,
    source: &Url,
    attendee: &Attendee,
    news: SeatNews,
    text: &str,
    manage: &Url,
    at: Timestamp,
) -> Value {
    let data = json!({
        "event": attendee.event.as_str(),
        "title": attendee.title,
        "name": attendee.name.as_str(),
        "state": news.standing().as_str(),
        "position": news.position(),
        "text": text,
        "manage": manage.as_str(),
    });
    envelope(id, source, SEAT_TYPE, &attendee.event, at, data)
}

/// Builds the event with a resent manage link.
///
/// `source` is the URL of the event's page. `manage` is the manage link. It is secret,
/// so the result may only be sent to the attendee's own webhook.
pub fn link_resent(id: &str, source: &Url, attendee: &Attendee, manage: &Url, at: Timestamp) -> Value {
    let data = json!({
        "event": attendee.event.as_str(),
        "title": attendee.title,
        "name": attendee.name.as_str(),
        "manage": manage.as_str(),
    });
    envelope(id, source, LINK_RESENT_TYPE, &attendee.event, at, data)
}

/// Builds the event with an announcement.
///
/// `source` is the URL of the event's page, and `text` is the announcement as one line of text. `manage` is the
/// recipient's manage link, or `None` if the announcement is broadcast to all subscribers.
pub fn announcement(
    id: &str,
    source: &Url,
    announcement: &Announcement,
    text: &str,
    manage: Option<&Url>,
    at: Timestamp,
) -> Value {
    let data = json!({
        "event": announcement.event.as_str(),
        "title": announcement.title,
        "joined": announcement.joined,
        "left": announcement.left,
        "others": { "joined": announcement.others.joined, "left": announcement.others.left },
        "count": announcement.count,
        "text": text,
        "manage": manage.map(Url::as_str),
    });
    envelope(id, source, ANNOUNCEMENT_TYPE, &announcement.event, at, data)
}

/// Builds an event with these data.
fn envelope(id: &str, source: &Url, kind: &str, subject: &EventId, at: Timestamp, data: Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": source.as_str(),
        "type": kind,
        "subject": subject.as_str(),
        "time": at,
        "datacontenttype": "application/json",
        "data": data,
    })
}
