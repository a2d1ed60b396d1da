//! The details of events, one item each beside the event's attendees. A write replaces the whole item, and is conditional
//! on its version.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::item::{self, Item};
use super::{EventsTable, key, number, text};
use crate::adapters::aws::error::unavailable;
use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::timestamp::Timestamp;
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

    async fn create_event(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable> {
        // A sign-up that begins the event between this read and the write joins the new event.
        if self.has_items(&details.event).await? {
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
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match details.version {
            0 => put.condition_expression("attribute_not_exists(version)"),
            version => {
                put.condition_expression("version = :version").expression_attribute_values(":version", number(version))
            }
        };
        self.put_if("storing the details of an event", put).await
    }
}

impl EventsTable {
    /// Whether anything is stored about an event: its details, or an attendee, whether on the roster or not.
    async fn has_items(&self, event: &EventId) -> Result<bool, Unavailable> {
        let query = self.client.query().table_name(&self.table).key_condition_expression("event = :event");
        let query = query.expression_attribute_values(":event", text(event.as_str())).consistent_read(true).limit(1);
        let page = query.send().await.map_err(|error| unavailable("looking for an event", &error))?;
        Ok(page.count > 0)
    }
}

/// The event of an item, and its details. Returns `None` for an item without an event, which has no key.
fn read(item: Item) -> Option<(EventId, StoredDetails)> {
    let event = EventId::from_stored(item.get(item::EVENT)?.as_s().ok()?.clone());
    let details = match item::read::<DetailsItem>(item) {
        Ok(DetailsItem { record, .. }) => record.into_details(event.clone()),
        Err(damaged) => Err(damaged.cause),
    };
    let stored = details.map_or_else(StoredDetails::Damaged, |details| StoredDetails::Some(Arc::new(details)));
    Some((event, stored))
}
