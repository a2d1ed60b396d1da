//! The announcements of events, one item each. Each event has a partition of its own, in which the sort key is the time.

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::item::{self, Item, NAME};
use super::{EventsTable, MAX_CONCURRENT_CALLS};
use crate::domain::event::EventId;
use crate::domain::event_announcement::{ANNOUNCEMENT_RETENTION, EventAnnouncement};
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::announcement::AnnouncementRecord;
use crate::ports::{Announcements, Unavailable};

const READING: &str = "reading the announcements";
const DELETING: &str = "deleting the announcements";

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
        let now = Timestamp::now().as_seconds();
        let read = |item| {
            let AnnouncementItem { record, expires_at, .. } = item::read(item)?;
            // DynamoDB may delete an expired item only days later.
            Ok((expires_at > now).then(|| record.into_announcement(event.clone())))
        };
        self.query_partition(READING, query, (&partition(event), None), limit, read).await
    }
}

impl EventsTable {
    /// Deletes all announcements of an event.
    pub(super) async fn delete_announcements(&self, event: &EventId) -> Result<(), Unavailable> {
        let partition = partition(event);
        let query = self.client.query().consistent_read(true).projection_expression("#name");
        let query = query.expression_attribute_names("#name", NAME);
        let name = |mut item: Item| Ok(item.remove(NAME).and_then(|name| name.as_s().ok().cloned()));
        let names = self.query_partition(DELETING, query, (&partition, None), usize::MAX, name).await?;
        stream::iter(names.iter().map(|name| self.delete_item(DELETING, &partition, name)).collect::<Vec<_>>())
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_for_each(|_| async { Ok(()) })
            .await
    }
}

fn partition(event: &EventId) -> String {
    format!("#announcement#{}", event.as_str())
}

pub(super) fn to_item(announcement: &EventAnnouncement) -> Item {
    item::write(&AnnouncementItem {
        event: partition(&announcement.event),
        // In milliseconds, so that the order of the texts is the order of the times. Until 2286 they have 13 digits.
        name: format!("{:015}", announcement.at.as_millis()),
        record: AnnouncementRecord::from(announcement),
        expires_at: announcement.at.plus(ANNOUNCEMENT_RETENTION).as_seconds(),
    })
}
