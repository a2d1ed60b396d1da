//! The details of events, or the markers of deleted ones, one item each beside the event's attendees. A write replaces the whole item, and is conditional
//! on its version.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::item::{self, Item};
use super::{EventsTable, key, number};
use crate::adapters::cached_events;
use crate::domain::deleted_event::DeletedEvent;
use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::deleted_event::DeletionRecord;
use crate::formats::stored::event_details::{DETAILS, EventDetailsRecord};
use crate::ports::{Events, StoredDetails, Unavailable, Write};

const READING: &str = "reading the details of events";

#[derive(Serialize, Deserialize)]
struct DetailsItem {
    /// The id of the event.
    event: String,
    name: String,
    #[serde(flatten)]
    record: EventDetailsRecord,
}

#[async_trait]
impl Events for EventsTable {
    async fn details(&self, events: &[EventId]) -> Result<Vec<StoredDetails>, Unavailable> {
        let mut distinct: Vec<&EventId> = events.iter().collect();
        distinct.sort();
        distinct.dedup();
        let keys = distinct.iter().map(|event| key(event.as_str(), DETAILS)).collect();
        let items = self.batch_get(READING, keys, None).await?;
        let found: HashMap<EventId, StoredDetails> = items.into_iter().filter_map(read).collect();
        Ok(events.iter().map(|event| found.get(event).cloned().unwrap_or(StoredDetails::None)).collect())
    }

    /// Every process reads the details through a cache.
    fn max_age(&self) -> Duration {
        cached_events::MAX_AGE
    }

    async fn create_event(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable> {
        // A sign-up that begins the event between this read and the write joins the new event.
        if self.has_attendees(&details.event).await? {
            return Ok(Write::Conflict);
        }
        self.store_details(details, now).await
    }

    async fn store_details(&self, details: &EventDetails, _: Timestamp) -> Result<Write, Unavailable> {
        let item = item::write(&DetailsItem {
            event: details.event.as_str().to_owned(),
            name: DETAILS.to_owned(),
            record: EventDetailsRecord::next(details),
        });
        self.replace_details("storing the details of an event", item, details.version).await
    }

    async fn store_deletion(&self, deleted: &DeletedEvent, _: Timestamp) -> Result<Write, Unavailable> {
        let mut item = item::write(&DeletionRecord::next(deleted));
        item.extend(key(deleted.event.as_str(), DETAILS));
        self.replace_details("deleting an event", item, deleted.version).await
    }
}

impl EventsTable {
    /// Stores an item in the place of details with this version.
    async fn replace_details(&self, doing: &'static str, item: Item, version: u64) -> Result<Write, Unavailable> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match version {
            0 => put.condition_expression("attribute_not_exists(version)"),
            version => {
                put.condition_expression("version = :version").expression_attribute_values(":version", number(version))
            }
        };
        self.put_if(doing, put).await
    }

    /// Whether an attendee of the event is stored, whether on the roster or not.
    pub(super) async fn has_attendees(&self, event: &EventId) -> Result<bool, Unavailable> {
        let query = self.client.query().consistent_read(true).projection_expression("#name");
        let query = query.expression_attribute_names("#name", item::NAME);
        let start = (event.as_str(), None);
        let read = |item: Item| Ok(item.get(item::NAME).and_then(|name| is_of_attendee(name).then_some(())));
        Ok(!self.query_partition("looking for an event", query, start, 1, read).await?.is_empty())
    }
}

/// The event of an item, and its details or the marker of its deletion. Returns `None` for an item without an event, which
/// has no key.
fn read(item: Item) -> Option<(EventId, StoredDetails)> {
    let event = EventId::from_stored(item.get(item::EVENT)?.as_s().ok()?.clone());
    let stored = if DeletionRecord::is_in(|name| item.contains_key(name)) {
        let record = item::read::<DeletionRecord>(item);
        record.map(|record| StoredDetails::Deleted(Arc::new(record.into_deleted(event.clone()))))
    } else {
        item::read::<DetailsItem>(item).map(|DetailsItem { record, .. }| {
            let details = record.into_details(event.clone());
            details.map_or_else(StoredDetails::Damaged, |details| StoredDetails::Some(Arc::new(details)))
        })
    };
    Some((event, stored.unwrap_or_else(|damaged| StoredDetails::Damaged(damaged.cause))))
}

/// Whether this is the sort key of an attendee. No name begins with `#`.
fn is_of_attendee(name: &AttributeValue) -> bool {
    name.as_s().is_ok_and(|name| !name.starts_with('#'))
}
