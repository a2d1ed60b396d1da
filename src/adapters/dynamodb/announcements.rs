//! The announcements of events, one item each. Each event has a partition of its own, in which the sort key is the time.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::EventsTable;
use super::item::{self, Item};
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::event_announcement::{ANNOUNCEMENT_RETENTION, EventAnnouncement};
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::announcement::AnnouncementRecord;
use crate::ports::{Announcements, Unavailable};

const READING: &str = "reading the announcements";

#[derive(Serialize, Deserialize)]
struct AnnouncementItem {
    event: String,
    name: String,
    #[serde(flatten)]
    record: AnnouncementRecord,
    /// In seconds, as DynamoDB's time to live requires.
    expires_at: i64,
}

#[async_trait]
impl Announcements for EventsTable {
    async fn latest(&self, attendee: &AttendeeKey, limit: usize) -> Result<Vec<EventAnnouncement>, Unavailable> {
        let event = &attendee.event;
        // A page may be a moment behind, and reads at half the price.
        let query = self.client.query().scan_index_forward(false);
        let now = Timestamp::now();
        self.query_partition(READING, query, (&partition(event), None), limit, |item| from_item(item, event, now)).await
    }

    /// No earlier version stored announcements for some attendees only.
    async fn after(
        &self,
        event: &EventId,
        _: Option<&NameKey>,
        after: Timestamp,
        limit: usize,
    ) -> Result<Vec<EventAnnouncement>, Unavailable> {
        let (query, now) = (self.client.query().consistent_read(true), Timestamp::now());
        let (partition, after) = (partition(event), sort_key(after));
        self.query_partition(READING, query, (&partition, Some(&after)), limit, |item| from_item(item, event, now))
            .await
    }
}

/// Reads an announcement. Returns `None` if it has expired, because DynamoDB may delete an expired item only days later.
fn from_item(item: Item, event: &EventId, now: Timestamp) -> Result<Option<EventAnnouncement>, Unavailable> {
    let AnnouncementItem { record, expires_at, .. } = item::read(item)?;
    Ok((expires_at > now.as_seconds()).then(|| record.into_announcement(event.clone())))
}

pub(super) fn partition(event: &EventId) -> String {
    format!("#announcement#{}", event.as_str())
}

pub(super) fn to_item(announcement: &EventAnnouncement) -> Item {
    item::write(&AnnouncementItem {
        event: partition(&announcement.event),
        name: sort_key(announcement.at),
        record: AnnouncementRecord::from(announcement),
        expires_at: announcement.at.plus(ANNOUNCEMENT_RETENTION).as_seconds(),
    })
}

/// In milliseconds, so that the order of the texts is the order of the times. Until 2286 they have 13 digits.
fn sort_key(at: Timestamp) -> String {
    format!("{:015}", at.as_millis())
}
