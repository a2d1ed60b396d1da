//! The registered buttons, one item each.

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::item::{self, Item, NAME};
use super::{EventsTable, MAX_CONCURRENT_CALLS, MAX_QUERY_ITEMS, key};
use crate::adapters::aws::error::unavailable;
use crate::domain::attendee_name::NameKey;
use crate::domain::button::{Button, Serial};
use crate::domain::event::EventId;
use crate::formats::stored::button::ButtonRecord;
use crate::ports::{Buttons, Deletion, Unavailable};

/// Partition key of all buttons. The sort key, in the attribute `name`, is the serial number.
const BUTTONS: &str = "#button";

const READING: &str = "reading the buttons";

#[async_trait]
impl Buttons for EventsTable {
    async fn register(&self, button: Button) -> Result<(), Unavailable> {
        let mut item = item::write(&ButtonRecord::from(&button));
        item.extend(key(BUTTONS, button.serial.as_str()));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map_err(|error| unavailable("registering a button", &error))?;
        Ok(())
    }

    async fn find(&self, serials: &[Serial]) -> Result<Vec<Button>, Unavailable> {
        stream::iter(serials.to_vec())
            .map(|serial| async move { self.get(READING, BUTTONS, serial.as_str()).await })
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_filter_map(|found| async move { found.item.map(from_item).transpose() })
            .try_collect()
            .await
    }

    async fn registered(&self, limit: usize, after: Option<&Serial>) -> Result<Vec<Button>, Unavailable> {
        let query = self.client.query().consistent_read(true);
        let start = (BUTTONS, after.map(Serial::as_str));
        self.query_partition(READING, query, start, limit, |item| from_item(item).map(Some)).await
    }

    async fn unregister(&self, serial: &Serial) -> Result<Deletion, Unavailable> {
        self.delete_item("deleting a button", BUTTONS, serial.as_str()).await
    }
}

impl EventsTable {
    /// Deletes a person's buttons, for one event or for all events. Returns the number of deleted buttons.
    pub(super) async fn delete_buttons_of(&self, name: &NameKey, event: Option<&EventId>) -> Result<u64, Unavailable> {
        let (mut deleted, mut after) = (0, None);
        loop {
            let page = self.registered(MAX_QUERY_ITEMS, after.as_ref()).await?;
            let Some(last) = page.last() else { return Ok(deleted) };
            after = Some(last.serial.clone());
            let belongs_to_person = |button: &&Button| {
                button.attendee.key() == &*name.refolded() && event.is_none_or(|event| button.event.id() == event)
            };
            for button in page.iter().filter(belongs_to_person) {
                deleted += self.unregister(&button.serial).await?.count();
            }
        }
    }
}

fn from_item(mut item: Item) -> Result<Button, Unavailable> {
    let serial = item.remove(NAME).and_then(|value| value.as_s().ok().cloned());
    let serial = serial.ok_or_else(|| item::damaged("a button without a serial number"))?;
    item::read::<ButtonRecord>(item)?.into_button(Serial::from_stored(serial)).map_err(item::damaged)
}
